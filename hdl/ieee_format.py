"""Formats with gradual underflow, Inf and NaN: the arithmetic of IEEE 754 on the widths of `hdl/formats.py`.

| case | treatment |
| --- | --- |
| exponent field 0 | a subnormal number, or zero, with its sign |
| exponent field all ones | Inf where the mantissa is 0, else NaN |
| OCP E4M3 | the exception: no Inf, NaN only where all bits below the sign are ones |
| any NaN at an input | the result is `nan_code` |
| Inf - Inf, 0 * Inf | `nan_code` |
| result beyond the largest finite number, nearest | Inf; in OCP E4M3, which has none, NaN |
| the same, truncated | the largest finite number, with its sign |
"""

from dataclasses import dataclass, replace

from hdl.formats import FloatFormat, parse_format

NEAREST = "nearest"
TRUNCATE = "truncate"
ROUNDINGS = (NEAREST, TRUNCATE)

SMALLEST_EXPONENT_BITS = 3
SMALLEST_MANTISSA_BITS = 2
LARGEST_MANTISSA_BITS = 10


@dataclass(frozen=True)
class IeeeFormat(FloatFormat):
    """A format, and how its results are rounded: `nearest`, ties to even, or `truncate`, towards zero.

    `saturates`: what exceeds the largest finite number is that number, however it is rounded.
    Raises ValueError for another rounding, for an exponent of 2 bits and a mantissa outside 2..10 bits.
    """

    rounding: str = NEAREST
    saturates: bool = False

    def __post_init__(self) -> None:
        """Check the widths and the rounding at once."""
        super().__post_init__()
        if self.rounding not in ROUNDINGS:
            raise ValueError(f"rounding must be {' or '.join(ROUNDINGS)}, not {self.rounding!r}")
        if self.exponent_bits < SMALLEST_EXPONENT_BITS:
            raise ValueError(f"format {self.name}: with subnormals an exponent has at least 3 bits")
        if not SMALLEST_MANTISSA_BITS <= self.mantissa_bits <= LARGEST_MANTISSA_BITS:
            raise ValueError(f"format {self.name}: with subnormals a mantissa has 2 to 10 bits")

    @property
    def has_infinity(self) -> bool:
        """Whether the format has Inf: all but OCP E4M3."""
        return self.reserved_top_exponent

    @property
    def truncates(self) -> bool:
        """Whether results are rounded towards zero."""
        return self.rounding == TRUNCATE

    @property
    def infinity_code(self) -> int:
        """Code of +Inf."""
        return self.max_exponent_field << self.mantissa_bits

    @property
    def nan_code(self) -> int:
        """Code of the one NaN that results may be: quiet, sign 0."""
        if self.has_infinity:
            return self.infinity_code + (1 << (self.mantissa_bits - 1))
        return (1 << self.sign_bit) - 1

    @property
    def overflow_code(self) -> int:
        """Code, without sign, of a result beyond the largest finite number."""
        if self.truncates or self.saturates:
            return self.max_finite_code
        return self.infinity_code if self.has_infinity else self.nan_code


def ieee_format(name: str, rounding: str = NEAREST) -> IeeeFormat:
    """Return the format `name` of `parse_format` with Inf, NaN and subnormals.

    e4m3 is OCP's, e4m3_ieee the one with Inf. Raises ValueError for what does not exist.
    """
    plain = parse_format(name)
    return IeeeFormat(
        f"{name}_{rounding}", plain.exponent_bits, plain.mantissa_bits, plain.reserved_top_exponent, rounding
    )


def argument_format(fmt: FloatFormat) -> FloatFormat:
    """Return the format of x = score - maximum: `fmt`, but one without Inf saturates.

    Its NaN in the place of -Inf would spoil the sums; e^x is clipped at x = -15 in any case.
    """
    if not isinstance(fmt, IeeeFormat) or fmt.has_infinity or fmt.truncates:
        return fmt
    return replace(fmt, name=f"{fmt.name}_saturating", saturates=True)
