"""Rational arithmetic on codes: a reference that shares no line with the models."""

from fractions import Fraction

from hdl.formats import FloatFormat


def fields(code: int, fmt: FloatFormat) -> tuple[int, int, int]:
    """Return sign, exponent field and mantissa of a code."""
    mantissa = code % (1 << fmt.mantissa_bits)
    return code >> fmt.sign_bit, code >> fmt.mantissa_bits & fmt.max_exponent_field, mantissa


def nearest_code(value: Fraction, fmt: FloatFormat) -> int:
    """Return the code of a number, rounded once to nearest even as if the exponent had no limits; 0 is +0."""
    sign, magnitude = int(value < 0) << fmt.sign_bit, abs(value)
    if not magnitude:
        return 0
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    exponent -= magnitude < Fraction(2) ** exponent
    significand = round(magnitude / Fraction(2) ** (exponent - fmt.mantissa_bits))  # Python's: ties to even
    # A significand that is rounded up to 2 raises the exponent by itself.
    code = (exponent + fmt.bias - 1 << fmt.mantissa_bits) + significand
    return sign | (0 if code < 1 << fmt.mantissa_bits else min(code, fmt.max_finite_code))
