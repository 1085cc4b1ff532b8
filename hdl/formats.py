"""Floating-point formats: the one place for their widths, biases and limits.

Bit order of a number, most significant first: sign (1), exponent, mantissa.
`hdl/README.md` has the table of special values that every operator follows.
"""

import re
from dataclasses import dataclass

EXPONENT_BITS_RANGE = range(2, 9)
MANTISSA_BITS_RANGE = range(1, 24)


@dataclass(frozen=True)
class FloatFormat:
    """A binary floating-point format without subnormals.

    `reserved_top_exponent` tells whether the all-ones exponent belongs to Inf and NaN (IEEE 754 and
    OCP E5M2) or holds finite numbers but for its last code (OCP E4M3). No operator makes such a
    code: results beyond `max_finite_code` saturate to it.

    Raises ValueError for widths outside 2..8 (exponent) and 1..23 (mantissa).
    """

    name: str
    exponent_bits: int
    mantissa_bits: int
    reserved_top_exponent: bool = True

    def __post_init__(self) -> None:
        """Check the widths at once."""
        if self.exponent_bits not in EXPONENT_BITS_RANGE:
            raise ValueError(f"format {self.name}: exponent of {self.exponent_bits} bits, must be 2 to 8")
        if self.mantissa_bits not in MANTISSA_BITS_RANGE:
            raise ValueError(f"format {self.name}: mantissa of {self.mantissa_bits} bits, must be 1 to 23")

    @property
    def width(self) -> int:
        """Bits of a number: sign, exponent and mantissa."""
        return 1 + self.exponent_bits + self.mantissa_bits

    @property
    def bias(self) -> int:
        """Exponent bias: 2^(exponent_bits-1) - 1."""
        return (1 << (self.exponent_bits - 1)) - 1

    @property
    def max_exponent_field(self) -> int:
        """Largest exponent field, all ones."""
        return (1 << self.exponent_bits) - 1

    @property
    def sign_bit(self) -> int:
        """Position of the sign bit."""
        return self.exponent_bits + self.mantissa_bits

    @property
    def max_finite_code(self) -> int:
        """Code, without sign, of the largest number that results may take (saturation value)."""
        if self.reserved_top_exponent:
            return (self.max_exponent_field << self.mantissa_bits) - 1
        return (self.max_exponent_field << self.mantissa_bits) + (1 << self.mantissa_bits) - 2

    @property
    def one_code(self) -> int:
        """Code of 1.0."""
        return self.bias << self.mantissa_bits


BF16 = FloatFormat("bf16", 8, 7)
E4M3 = FloatFormat("e4m3", 4, 3, reserved_top_exponent=False)
E5M2 = FloatFormat("e5m2", 5, 2)
# E4M3 as IEEE 754 would have it: the all-ones exponent belongs to Inf and NaN. The group's FP8 [C].
E4M3_IEEE = FloatFormat("e4m3_ieee", 4, 3)

NAMED_FORMATS = {fmt.name: fmt for fmt in (BF16, E4M3, E5M2, E4M3_IEEE)}


def parse_format(name: str) -> FloatFormat:
    """Return the format called `name`: bf16, e4m3, e5m2, e4m3_ieee, or another pair of widths as e<E>m<M>.

    A format has one name. Raises ValueError for a name of another shape, for a second spelling of a
    format's name (e8m7, e04m03), and for widths that do not fit.
    """
    if name in NAMED_FORMATS:
        return NAMED_FORMATS[name]
    match = re.fullmatch(r"e([0-9]{1,3})m([0-9]{1,3})", name)
    if match is None:
        raise ValueError(f"unknown format '{name}': bf16, e4m3, e5m2 or e<exponent bits>m<mantissa bits>")
    exponent_bits, mantissa_bits = int(match[1]), int(match[2])
    its_name = f"e{exponent_bits}m{mantissa_bits}"
    for known in (BF16, E4M3, E5M2):
        if (known.exponent_bits, known.mantissa_bits) == (exponent_bits, mantissa_bits):
            its_name = known.name
    if name != its_name:
        raise ValueError(f"format {name}: its name is {its_name}")
    return FloatFormat(name, exponent_bits, mantissa_bits)
