"""The log2-domain kernels a second time, from their definition: a query key by key, in fractions.

What they share with the paper's kernels (dot product, adder, multiplier, division) is the models', which have
tests of their own; all that the successors add is written here anew.
"""

import math
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from hdl.formats import FloatFormat
from hdl.models.arithmetic import add, divide, dot_product
from hdl.models.codes import encode
from hdl.models.operators import multiply

FARTHEST = 31


@dataclass(frozen=True)
class Kernel:
    """A design point: the format, F, and for sums in fixed point their bits and those behind the point."""

    fmt: FloatFormat
    fraction_bits: int
    sum_bits: int = 24
    sum_fraction_bits: int = 12

    def parts(self, code: int) -> tuple[int, int, int]:
        """Return sign, exponent field and mantissa of a code."""
        m, e = self.fmt.mantissa_bits, self.fmt.exponent_bits
        return code >> m + e, code >> m & (1 << e) - 1, code & (1 << m) - 1

    def value(self, code: int) -> Fraction:
        """Return the number that a code stands for; there are no subnormal numbers."""
        sign, exponent, mantissa = self.parts(code)
        if exponent == 0:
            return Fraction(0)
        magnitude = (1 + Fraction(mantissa, 1 << self.fmt.mantissa_bits)) * two_to(exponent - self.fmt.bias)
        return -magnitude if sign else magnitude

    def fixed_score(self, code: int) -> int:
        """Step 1: the score in units of 2^-F, half away from zero, saturated."""
        value = self.value(code)
        magnitude = math.floor(abs(value) * 2**self.fraction_bits + Fraction(1, 2))
        return min(magnitude, 2 ** (8 + self.fraction_bits) - 1) * (1 if value >= 0 else -1)

    def table(self, fraction: int, bits: int) -> int:
        """Return the mantissa of 2^(fraction / 2^F) in `bits` bits."""
        return round(2**bits * (2 ** (fraction / 2**self.fraction_bits) - 1))

    def weight(self, n: int, fraction: int) -> int:
        """Step 6: the code of 2^(f - n)."""
        exponent = self.fmt.bias - n
        if exponent <= 0:
            return 0
        return exponent << self.fmt.mantissa_bits | self.table(fraction, self.fmt.mantissa_bits)

    def rescaled(self, code: int, rise: int) -> int:
        """Step 4: a code times 2^-rise; a zero keeps its sign."""
        sign, exponent, mantissa = self.parts(code)
        lowered = exponent - rise
        if exponent == 0 or lowered <= 0:
            return sign << self.fmt.width - 1
        return sign << self.fmt.width - 1 | lowered << self.fmt.mantissa_bits | mantissa

    def scaled(self, code: int, log2_factor: int) -> int:
        """Step 5: D added to the exponent and the top F bits of the mantissa."""
        sign, exponent, mantissa = self.parts(code)
        low = self.fmt.mantissa_bits - self.fraction_bits
        field = (exponent << self.fraction_bits | mantissa >> low) + log2_factor
        if exponent == 0 or field >> self.fraction_bits <= 0:
            return sign << self.fmt.width - 1
        field = min(field, 2 ** (self.fmt.exponent_bits + self.fraction_bits) - 1)
        return sign << self.fmt.width - 1 | field << low | mantissa & (1 << low) - 1

    def saturated(self, number: int) -> int:
        """Return `number` within W bits."""
        return max(-(2 ** (self.sum_bits - 1)), min(2 ** (self.sum_bits - 1) - 1, number))

    def in_sum_units(self, value: Fraction) -> int:
        """Return `value` in units of the sums, its magnitude rounded half up and within W bits."""
        magnitude = math.floor(abs(value) * 2**self.sum_fraction_bits + Fraction(1, 2))
        magnitude = min(magnitude, 2 ** (self.sum_bits - 1) - 1)
        return -magnitude if value < 0 else magnitude


def two_to(exponent: int) -> Fraction:
    """Return 2^exponent."""
    return Fraction(2**exponent) if exponent >= 0 else Fraction(1, 2**-exponent)


def key_by_key(kernel: Kernel, q, k, valid, of_ceilings: bool):
    """Yield (rise, n, f, dead) of each key, steps 1 to 3; `of_ceilings`: the maximum is of the ceilings."""
    top = -256
    for key, live in zip(k, valid, strict=True):
        score = kernel.fixed_score(int(dot_product(q, key, kernel.fmt)))
        floor, fraction = score >> kernel.fraction_bits, score % 2**kernel.fraction_bits
        reached = -(-score >> kernel.fraction_bits) if of_ceilings else floor
        rise = 0
        if live:
            rise, top = min(max(top, reached) - top, FARTHEST), max(top, reached)
        n = top - floor
        yield rise, n, fraction, not live or n > FARTHEST


def floating(kernel: Kernel, q, k, v, valid, with_multiplier: bool) -> list[int]:
    """Return variant A's output codes, or `with_multiplier` those of X, of one query."""
    fmt = kernel.fmt
    sums = [0] * (len(v[0]) + 1)
    keys = key_by_key(kernel, q, k, valid, of_ceilings=False)
    for values, (rise, n, fraction, dead) in zip(v, keys, strict=True):
        products = [0] * len(sums)
        if not dead:
            weight = kernel.weight(n, fraction)
            log2_factor = fraction - (n << kernel.fraction_bits)
            lanes = (
                [int(multiply(weight, value, fmt)) for value in values]
                if with_multiplier
                else [kernel.scaled(int(value), log2_factor) for value in values]
            )
            products = [weight, *lanes]
        sums = [
            int(add(kernel.rescaled(total, rise), product, fmt))
            for total, product in zip(sums, products, strict=True)
        ]
    return divide(np.array(sums, np.uint32), fmt).tolist()


def fixed(kernel: Kernel, q, k, v, valid) -> list[int]:
    """Return variant B's output codes of one query."""
    sums = [0] * (len(v[0]) + 1)
    keys = key_by_key(kernel, q, k, valid, of_ceilings=True)
    for values, (rise, n, fraction, dead) in zip(v, keys, strict=True):
        terms = [0] * len(sums)
        if not dead:
            weight = (1 + Fraction(kernel.table(fraction, 10), 1024)) * two_to(-n)
            log2_factor = fraction - (n << kernel.fraction_bits)
            lanes = [kernel.value(kernel.scaled(int(value), log2_factor)) for value in values]
            terms = [kernel.in_sum_units(term) for term in (weight, *lanes)]
        sums = [kernel.saturated((total >> rise) + term) for total, term in zip(sums, terms, strict=True)]
    codes = encode(np.ldexp(np.array(sums, np.float64), -kernel.sum_fraction_bits), kernel.fmt)
    return divide(codes, kernel.fmt).tolist()
