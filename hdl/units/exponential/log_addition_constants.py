"""The numbers of the addition in the log2 domain, shared by circuit and model.

    log2(2^a + 2^b) = max(a, b) + T(|a - b|)        T(x) = log2(1 + 2^-x), 0 < T <= 1

In units of 2^-F, F = `fraction_bits`: chords over quarters of a binade as far as x = 8, beyond it one value
for each quarter, from x = 12 nothing (mark [I] in hdl/README.md). Largest error 2.1 units for F = 10, 0.93
for F = 7; the chords' own is 0.0015.
"""

import math

# A chord's offset needs a bit; beyond 12 the chords' own error is many units.
FRACTION_BITS_RANGE = range(3, 13)

SEGMENT_BITS = 2  # segments of a quarter
INTEGER_BITS = 4  # from 16 on there is nothing
CHORD_END = 8
END = 12


def log_addition_table(fraction_bits: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return, for each of 64 quarters of x from 0 to 16, T at its start and how far T falls within it.

    Both in units of 2^-F. From x = 8 on the first is T in the quarter's middle and the second 0.
    """
    quarters = 1 << SEGMENT_BITS
    starts, falls = [], []
    for segment in range(1 << INTEGER_BITS + SEGMENT_BITS):
        if segment < CHORD_END * quarters:
            start = _value(segment / quarters, fraction_bits)
            fall = start - _value((segment + 1) / quarters, fraction_bits)
        else:
            start = _value((segment + 0.5) / quarters, fraction_bits) if segment < END * quarters else 0
            fall = 0
        starts.append(start)
        falls.append(fall)
    return tuple(starts), tuple(falls)


def _value(x: float, fraction_bits: int) -> int:
    return round((1 << fraction_bits) * math.log2(1 + 2.0**-x))
