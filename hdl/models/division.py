"""Bit-accurate models of the division o / l: by a reciprocal, by subtraction of logarithms, by constants."""

from hdl.formats import FloatFormat
from hdl.models.by_format import arithmetic_of
from hdl.models.codes import as_codes, decode, encode
from hdl.models.numpy_when_used import ArrayLike, CodeArray, np
from hdl.parameters import CONSTANTS, LOG, Parameters
from hdl.units.arithmetic.division_constants import smaller_inverse
from hdl.units.arithmetic.log_division_constants import log2_mantissas


def divide_by_log(o: ArrayLike, total: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of o / total, total >= 0; shapes broadcast. A zero is +0, also where total is 0.

    The code of a number without its sign is 2^M times its logarithm, but for the bend within a binade: a
    table corrects total's, o's and the quotient's stay as they are.
    """
    numerator = as_codes(o, fmt).astype(np.int64)
    denominator = as_codes(total, fmt).astype(np.int64) & (1 << fmt.sign_bit) - 1
    mantissa_bits = fmt.mantissa_bits
    table = np.array(log2_mantissas(mantissa_bits), np.int64)
    mantissa = denominator & (1 << mantissa_bits) - 1
    logarithm = denominator - mantissa + table[mantissa]
    sign = numerator & 1 << fmt.sign_bit
    magnitude = numerator ^ sign
    quotient = magnitude - logarithm + (fmt.bias << mantissa_bits)
    smallest = 1 << mantissa_bits
    zero = (magnitude < smallest) | (denominator < smallest) | (quotient < smallest)
    codes: CodeArray = np.where(zero, 0, sign | np.minimum(quotient, fmt.max_finite_code)).astype(np.uint32)
    return codes


def divide_by_constant(o: ArrayLike, total: ArrayLike, fmt: FloatFormat) -> CodeArray:
    """Return the codes of o / total, total >= 0; shapes broadcast. A zero is +0, also where total is 0.

    total's significand has one of two inverses, by its half; the quotient is rounded once.
    """
    denominator = as_codes(total, fmt).astype(np.int64) & (1 << fmt.sign_bit) - 1
    half = denominator >> (fmt.mantissa_bits - 1)
    exponent_field = half >> 1
    inverse = smaller_inverse(fmt.mantissa_bits) + np.where(half & 1, 0, 1 << fmt.mantissa_bits - 1)
    scale = inverse * np.exp2(fmt.bias - exponent_field - fmt.mantissa_bits - 1.0)
    codes = encode(np.where(exponent_field == 0, 0.0, decode(o, fmt) * scale), fmt)
    result: CodeArray = np.where(decode(codes, fmt) == 0, 0, codes).astype(np.uint32)
    return result


# By the word of `division`; the others are a format's own reciprocal and multiplier.
BY_CHOICE = {LOG: divide_by_log, CONSTANTS: divide_by_constant}


def divide_sums(choice: str, sums: CodeArray, fmt: FloatFormat) -> CodeArray:
    """Return the codes of sums[1:] / sums[0] over the last axis, for a choice of BY_CHOICE."""
    return BY_CHOICE[choice](sums[..., 1:], sums[..., :1], fmt)


def quotients(sums: CodeArray, parameters: Parameters) -> CodeArray:
    """Return the codes of sums[1:] / sums[0] over the last axis, by the kernel's `division` if it has one."""
    choice = getattr(parameters, "division", None)
    if choice in BY_CHOICE:
        return divide_sums(choice, sums, parameters.fmt)
    result: CodeArray = arithmetic_of(parameters.fmt).divide(sums, parameters.fmt)
    return result
