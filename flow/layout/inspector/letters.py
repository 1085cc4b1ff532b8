"""Bytes as text that stands in a script element: seven bits a letter, an eighth more than the bytes."""

import numpy as np

# What HTML reads otherwise: no letter at all, a line's end that becomes another, the begin of a tag.
UNREADABLE = (0, ord("\r"), ord("<"))
# Letters of two bytes, in their place.
REPLACED_BY = 0x100


def as_letters(data: bytes) -> str:
    """Return the text, which `letters.js` reads back: eight letters are seven bytes, high bits first."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8))
    padded = np.concatenate([bits, np.zeros(-len(bits) % 7, np.uint8)]).reshape(-1, 7)
    codes = (np.packbits(padded, axis=1)[:, 0] >> 1).tobytes().decode("ascii")
    return codes.translate({code: REPLACED_BY + number for number, code in enumerate(UNREADABLE)})
