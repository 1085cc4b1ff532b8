"""The inverses of SOLE's division, shared by circuit and model: 0.568, or 0.818, which is a quarter more.

A significand of [1, 1.5) has the larger in the place of its inverse, one of [1.5, 2) the smaller.
"""

SMALLER_INVERSE = 0.568


def smaller_inverse(mantissa_bits: int) -> int:
    """Return the smaller inverse in units of 2^-(M + 1)."""
    return round(SMALLER_INVERSE * 2.0 ** (mantissa_bits + 1))
