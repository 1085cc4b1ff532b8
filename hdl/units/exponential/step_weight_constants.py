"""Weights 2^-n as three shifts of what is weighed: the table that circuit and model share.

    w = 2^-e (1 + a + b)        a of 0, ±1/4, ±1/8        b of 0, ±1/16, ±1/32

Of all such numbers the nearest to 2^-n by ratio is taken: within 1.0 % RMS. A lane needs two rows of a Booth
multiplier beside the number itself. Mark [I] in hdl/README.md.
"""

import math
from dataclasses import dataclass
from functools import cache

# Bits of n's fraction that the table reads at most.
INDEX_BITS = 7
COARSE_SHIFTS = (2, 3)
FINE_SHIFTS = (4, 5)


@dataclass(frozen=True)
class Digit:
    """sign * 2^-shift, or nothing where sign is 0."""

    sign: int
    shift: int

    @property
    def value(self) -> float:
        """The digit as a number."""
        return self.sign * 2.0**-self.shift


@dataclass(frozen=True)
class StepWeight:
    """2^-halvings (1 + coarse + fine)."""

    halvings: int
    coarse: Digit
    fine: Digit

    @property
    def exponent(self) -> float:
        """Its logarithm, base 2."""
        return math.log2(1 + self.coarse.value + self.fine.value) - self.halvings

    @property
    def rows(self) -> int:
        """Digits that are not 0."""
        return abs(self.coarse.sign) + abs(self.fine.sign)


def index_bits(fraction_bits: int) -> int:
    """Return how many of n's highest fraction bits the table reads."""
    return min(INDEX_BITS, fraction_bits)


def _digits(shifts: tuple[int, ...]) -> list[Digit]:
    return [Digit(0, shifts[0]), *(Digit(sign, shift) for shift in shifts for sign in (1, -1))]


@cache
def step_weights(fraction_bits: int) -> tuple[StepWeight, ...]:
    """Return the weight of each index of n's fraction; of index 0 it is 1.

    Where the index leaves bits out, a weight is that of the middle.
    """
    choices = [
        StepWeight(halvings, coarse, fine)
        for halvings in (0, 1)
        for coarse in _digits(COARSE_SHIFTS)
        for fine in _digits(FINE_SHIFTS)
    ]
    steps = 1 << index_bits(fraction_bits)
    middle = 0.5 if fraction_bits > INDEX_BITS else 0.0
    nearest = [
        # Of two equally near the one with fewer rows, which is also the same on every machine.
        min(
            choices,
            key=lambda weight: (round(abs(weight.exponent + (index + middle) / steps), 9), weight.rows),
        )
        for index in range(1, steps)
    ]
    return StepWeight(0, Digit(0, COARSE_SHIFTS[0]), Digit(0, FINE_SHIFTS[0])), *nearest
