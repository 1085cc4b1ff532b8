"""Where a significand lies in a fixed-point number: constants of the shift that takes it there."""

from dataclasses import dataclass

from hdl.formats import FloatFormat


@dataclass(frozen=True)
class FixedAlignment:
    """A number's magnitude in `width` bits, `integer_bits` of them before the point.

    The significand starts at the top, as in the largest binade that fits, and is shifted to the right.
    """

    fmt: FloatFormat
    integer_bits: int
    width: int

    @property
    def top_exponent(self) -> int:
        """Exponent field of the largest binade that fits: no shift."""
        return self.fmt.bias + self.integer_bits - 1

    @property
    def smallest_exponent(self) -> int:
        """Exponent field below which the leading one is shifted out; field 0 reads as zero."""
        return max(1, self.top_exponent - (self.width - 1))

    @property
    def shift_bits(self) -> int:
        """Bits of a shift by less than `width`."""
        return (self.width - 1).bit_length()

    @property
    def exponent_end(self) -> int:
        """Bit above the exponent's low bits, enough for the shift: the limits above decide the rest."""
        return self.fmt.mantissa_bits + min(self.shift_bits, self.fmt.exponent_bits)

    @property
    def shift_start(self) -> int:
        """What the exponent's low bits are taken from, for the shift modulo 2^shift_bits."""
        return self.top_exponent % (1 << self.shift_bits) + (1 << self.shift_bits)

    @property
    def spare_bits(self) -> int:
        """Bits below the significand at the top; fewer than 0 where it is cut."""
        return self.width - (self.fmt.mantissa_bits + 1)
