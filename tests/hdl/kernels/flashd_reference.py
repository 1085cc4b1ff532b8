"""The kernels of the FLASH-D family a second time, from their definition: a query key by key, in fractions.

What they share with the paper's kernels (dot product, adder, multiplier) is the models', which have tests of
their own; all that is new is written here anew.
"""

import math
from fractions import Fraction

from hdl.formats import FloatFormat
from hdl.models.arithmetic import add, dot_product, subtract
from hdl.models.codes import encode
from hdl.models.operators import multiply

FARTHEST = 31


def two_to(exponent: int) -> Fraction:
    """Return a power of two."""
    return Fraction(2) ** exponent


def value_of(code: int, fmt: FloatFormat) -> Fraction:
    """Return the number that a code stands for; there are no subnormal numbers."""
    m = fmt.mantissa_bits
    sign, exponent, mantissa = code >> fmt.sign_bit, code >> m & fmt.max_exponent_field, code & (1 << m) - 1
    magnitude = (1 + Fraction(mantissa, 1 << m)) * two_to(exponent - fmt.bias) if exponent else Fraction(0)
    return -magnitude if sign else magnitude


def fixed_of(value: Fraction, fraction_bits: int, bits: int) -> int:
    """Return a number in fixed point: half away from zero, saturated, `bits` with its sign."""
    magnitude = min(math.floor(abs(value) * 2**fraction_bits + Fraction(1, 2)), 2 ** (bits - 1) - 1)
    return -magnitude if value < 0 else magnitude


def aligned_sum(q, k, fmt: FloatFormat) -> Fraction:
    """Return the dot product of codes, each product cut off as the circuit aligns it."""
    m, guard = fmt.mantissa_bits, (len(q) - 1).bit_length()
    fields = [[code >> m & fmt.max_exponent_field for code in codes] for codes in (q, k)]
    exponents = [a + b if a and b else 0 for a, b in zip(*fields, strict=True)]
    unit = two_to(max(exponents) - 2 * fmt.bias - 2 * m - guard)
    products = [value_of(a, fmt) * value_of(b, fmt) for a, b in zip(q, k, strict=True)]
    return sum((math.floor(abs(p) / unit) * unit * (-1 if p < 0 else 1) for p in products), Fraction(0))


def increase(distance: int, f: int) -> int:
    """Return T of a distance, both in units of 2^-f."""
    quarter = 2 ** (f - 2)
    segment, offset = divmod(distance, quarter)

    def t(x):
        return round(2**f * math.log2(1 + 2**-x))

    if distance >= 12 * 2**f:
        return 0
    if distance >= 8 * 2**f:
        return t((segment + 0.5) / 4)
    fall = t(segment / 4) - t((segment + 1) / 4)
    return t(segment / 4) - math.ceil(Fraction(fall * offset, quarter) - Fraction(1, 2))


def keys_of(p, q, k, v, valid):
    """Yield, for each key that counts, its value's codes and n of its weight 2^-n."""
    fmt, f = p.fmt, p.fraction_bits
    total = None
    for key, value, live in zip(k, v, valid, strict=True):
        if not live:
            continue
        if p.score == "fixed":
            score = aligned_sum(q.tolist(), key.tolist(), fmt)
        else:
            score = value_of(int(dot_product(q, key, fmt)), fmt)
        s = fixed_of(score, f, 9 + f)
        total = s if total is None else max(s, total) + increase(abs(s - total), f)
        yield value, total - s


def fixed(p, q, k, v, valid):
    """Return the output codes of `fa2_flashd_fixed`."""
    fmt, f, w = p.fmt, p.fraction_bits, p.weight_bits
    mean, any_key = [0] * p.d, False
    for value, n in keys_of(p, q, k, v, valid):
        any_key = True
        whole, fraction = divmod(n, 2**f)
        exponent, m = whole, 0
        if fraction:
            exponent = whole + 1
            step = max(0, f - 7)
            index = fraction >> step
            g = (index + (0.5 if f > 7 else 0)) / 2 ** min(7, f)
            m = 2**w - 1 if index == 0 else min(2**w - 1, math.floor(2**w * (2 ** (1 - g) - 1) + 0.5))
        if whole > FARTHEST:
            continue
        weight = (1 + Fraction(m, 2**w)) * two_to(-exponent)
        for lane in range(p.d):
            x = fixed_of(value_of(int(value[lane]), fmt), p.value_fraction_bits, p.value_bits)
            # Rounded to nearest, a half upwards.
            mean[lane] += math.floor((x - mean[lane]) * weight + Fraction(1, 2))
    return [int(encode(lane * 2.0**-p.value_fraction_bits, fmt)) if any_key else 0 for lane in mean]


def number_weight(p, n: int) -> int:
    """Return the code of 2^-n, n rounded to seven bits."""
    fmt, m = p.fmt, p.fmt.mantissa_bits
    whole, fraction = divmod(math.floor(Fraction(n * 128, 2**p.fraction_bits) + Fraction(1, 2)), 128)
    exponent, mantissa = fmt.bias - whole, 0
    if fraction:
        exponent, mantissa = exponent - 1, min(2**m - 1, round(2**m * (2 ** (1 - fraction / 128) - 1)))
    return exponent << m | mantissa if exponent > 0 else 0


def added(fmt: FloatFormat, code: int, steps: int, w: int) -> int:
    """Return a code with `steps` <= 0 added to its exponent and top w mantissa bits."""
    low = fmt.mantissa_bits - w
    sign, field = code >> fmt.sign_bit, (code & (1 << fmt.sign_bit) - 1) >> low
    moved = field + steps
    if field >> w == 0 or moved >> w <= 0:
        return sign << fmt.sign_bit
    return sign << fmt.sign_bit | moved << low | code & (1 << low) - 1


def floating(p, q, k, v, valid):
    """Return the output codes of `fa2_flashd`."""
    fmt = p.fmt
    mean = None
    for value, n in keys_of(p, q, k, v, valid):
        if mean is None:
            zero = 1 << fmt.sign_bit
            mean = [int(encode(float(value_of(int(code), fmt)), fmt)) for code in value]
            mean = [0 if code == zero else code for code in mean]
            continue
        if n >> p.fraction_bits > FARTHEST:
            continue
        weight = number_weight(p, n)
        for lane in range(p.d):
            o, x = mean[lane], int(value[lane])
            if p.form == "published":
                rest = subtract(fmt.one_code, weight, fmt)
                kept, step = multiply(rest, o, fmt), multiply(weight, x, fmt)
            else:
                kept, difference = o, subtract(x, o, fmt)
                if p.lanes == "log2":
                    n_rounded = math.floor(
                        Fraction(n * 2**p.weight_bits, 2**p.fraction_bits) + Fraction(1, 2)
                    )
                    step = added(fmt, int(difference), -n_rounded, p.weight_bits)
                else:
                    step = multiply(weight, difference, fmt)
            mean[lane] = int(add(kept, step, fmt))
    return [0 if code in (0, 1 << fmt.sign_bit) else code for code in mean or [0] * p.d]
