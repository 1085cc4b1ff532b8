"""Bit-accurate models of what a running mean needs beside the sum's logarithm, from the specification."""

from hdl.formats import FloatFormat
from hdl.models.arithmetic import aligned_sum
from hdl.models.numpy_when_used import CodeArray, IntArray, np
from hdl.units.exponential.log2_constants import SCORE_INTEGER_BITS
from hdl.units.exponential.mean_weight_constants import (
    INDEX_BITS,
    index_bits,
    number_mantissas,
    significand_mantissas,
)


def aligned_log2_score(q: CodeArray, k: CodeArray, fmt: FloatFormat, fraction_bits: int) -> IntArray:
    """Return S of the dot product's sum before it is rounded: units of 2^-F, rounded half away from zero."""
    total, scale = aligned_sum(q, k, fmt)
    magnitude = np.floor(np.ldexp(np.abs(total).astype(np.float64), scale + fraction_bits) + 0.5)
    largest = (1 << SCORE_INTEGER_BITS + fraction_bits) - 1
    fixed: IntArray = (np.sign(total) * np.minimum(magnitude, largest)).astype(np.int64)
    return fixed


def significand_and_exponent(
    below: IntArray, fraction_bits: int, weight_bits: int
) -> tuple[IntArray, IntArray]:
    """Return 2^w + m and e of the weight (1 + m / 2^w) 2^-e ~ 2^-n; n = `below` >= 0 in units of 2^-F."""
    whole, fraction = below >> fraction_bits, below & (1 << fraction_bits) - 1
    table = np.array(significand_mantissas(fraction_bits, weight_bits), np.int64)
    mantissa = table[fraction >> fraction_bits - index_bits(fraction_bits)]
    exact = fraction == 0
    return (1 << weight_bits) + np.where(exact, 0, mantissa), whole + ~exact


def weight_code(below: IntArray, fmt: FloatFormat, fraction_bits: int) -> CodeArray:
    """Return the code of 2^-n, n >= 0 rounded to seven fraction bits; 0 below the smallest normal number."""
    spare_bits = fraction_bits - INDEX_BITS
    rounded = below << -spare_bits if spare_bits <= 0 else below + (1 << spare_bits >> 1) >> spare_bits
    whole, fraction = rounded >> INDEX_BITS, rounded & (1 << INDEX_BITS) - 1
    exponent = fmt.bias - whole - (fraction > 0)
    code = (exponent << fmt.mantissa_bits) + np.array(number_mantissas(fmt.mantissa_bits), np.int64)[fraction]
    weight: CodeArray = np.where(exponent > 0, code, 0).astype(np.uint32)
    return weight


def log2_weight(below: IntArray, fraction_bits: int, weight_bits: int) -> IntArray:
    """Return -n in units of 2^-w, rounded, n half up."""
    spare_bits = fraction_bits - weight_bits
    factor: IntArray = -(below + (1 << spare_bits >> 1) >> spare_bits)
    return factor
