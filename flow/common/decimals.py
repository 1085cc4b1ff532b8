"""Numbers as text: read where they are written plainly, written so that they read back as the same number."""

import argparse
import math
import re
from decimal import Decimal

# ASCII, one spelling: no sign where none is needed, no leading zeros, no underscores, no other base.
WHOLE_NUMBER = re.compile(r"0|-?[1-9][0-9]{0,17}")
QUANTITY = re.compile(r"-?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def shortest(value: float) -> str:
    """Return the shortest decimal that reads back as `value`, without an exponent: 5.0 is `5`."""
    return f"{Decimal(repr(value)).normalize():f}" if math.isfinite(value) else str(value)


def quotient(value: float, unit: float) -> Decimal:
    """Return `value / unit` of the decimals that they are written as: 0.3 of 0.001 is 300."""
    return (Decimal(repr(value)) / Decimal(repr(unit))).normalize()


def whole_number(text: str) -> int:
    """Return the whole number that an argument is; raises ArgumentTypeError."""
    if not WHOLE_NUMBER.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no whole number as in 16")
    return int(text)


def quantity(text: str) -> float:
    """Return the finite decimal number that an argument is; raises ArgumentTypeError."""
    if not QUANTITY.fullmatch(text) or not math.isfinite(float(text)):
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is no number as in 2.5")
    return float(text)


def count(text: str) -> int:
    """Return the whole number from 1 on that an argument is; raises ArgumentTypeError."""
    number = whole_number(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text}: at least 1")
    return number
