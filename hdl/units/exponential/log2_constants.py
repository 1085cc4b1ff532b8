"""Widths and tables of the log2-domain kernels; hdl/LOG2_KERNELS.md says what they are for."""

# Integer bits of a score in the log2 domain, without the sign: |S| < 2^8.
SCORE_INTEGER_BITS = 8
# Sint and the running maximum: two's complement.
MAXIMUM_BITS = SCORE_INTEGER_BITS + 1
MAXIMUM_START = -(1 << SCORE_INTEGER_BITS)
# Rescales and distances beyond this many binades count as this many, or as nothing left.
DISTANCE_BITS = 5
DISTANCE_MAX = (1 << DISTANCE_BITS) - 1


# The weight of the constant 1 in fixed point: mantissa bits of its table.
WEIGHT_TABLE_BITS = 10


def maximum_bits(ceiling: bool) -> int:
    """Return the bits of an integer maximum: of floors 9, of ceilings one more, since they reach 256."""
    return MAXIMUM_BITS + ceiling


def held_fraction_bits(fraction_bits: int) -> int:
    """Return the bits in which a score's fraction is carried: a vector even where F is 0 or 1."""
    return max(2, fraction_bits)


def power_mantissas(fraction_bits: int, mantissa_bits: int) -> tuple[int, ...]:
    """Return round(2^m (2^(f / 2^F) - 1)) for each f of F bits: the mantissa of m bits of 2^(f / 2^F).

    The values below 1 that round to 1 would be 2^m; they do not occur for F <= m.
    """
    steps = 1 << fraction_bits
    return tuple(round((1 << mantissa_bits) * (2 ** (f / steps) - 1)) for f in range(steps))
