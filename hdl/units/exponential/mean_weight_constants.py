"""Tables of the weights 2^-n of a running mean, n of F fraction bits; shared by circuits and models."""

# Bits of n's fraction that a table reads at most.
INDEX_BITS = 7
# Weights of 2^-32 and less are nothing.
WHOLE_BITS = 5


def index_bits(fraction_bits: int) -> int:
    """Return how many of n's highest fraction bits the table of significands reads."""
    return min(INDEX_BITS, fraction_bits)


def significand_mantissas(fraction_bits: int, weight_bits: int) -> tuple[int, ...]:
    """Return, by the index of a fraction that is not 0, the mantissa m of 2^(1 - fraction) = 1 + m / 2^w.

    Rounded half up, at most 2^w - 1, w = weight_bits; where the index leaves bits out, of a fraction half a
    step above.
    """
    steps = 1 << index_bits(fraction_bits)
    middle = 0.5 if fraction_bits > INDEX_BITS else 0.0
    largest = (1 << weight_bits) - 1
    exact = [(1 << weight_bits) * (2 ** (1 - (index + middle) / steps) - 1) for index in range(steps)]
    return largest, *(min(largest, int(mantissa + 0.5)) for mantissa in exact[1:])


def number_mantissas(mantissa_bits: int) -> tuple[int, ...]:
    """Return, by a fraction f of seven bits that is not 0, the mantissa of 2^(1 - f / 128), at most all ones.

    The entry of 0 is 0: the mantissa of 2^0.
    """
    steps = 1 << INDEX_BITS
    largest = (1 << mantissa_bits) - 1
    return 0, *(
        min(largest, round((1 << mantissa_bits) * (2 ** (1 - f / steps) - 1))) for f in range(1, steps)
    )
