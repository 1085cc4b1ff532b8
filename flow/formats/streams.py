"""Bits of independent streams packed into words: bit s of a word belongs to stream s."""

import numpy as np
import numpy.typing as npt

MAX_STREAMS = 64

Words = npt.NDArray[np.uint64]


def pack(bits: npt.NDArray[np.bool_]) -> Words:
    """Return words [clocks, width] of `bits` [streams, clocks, width].

    Raises ValueError for more than 64 streams, or none.
    """
    streams, clocks, width = bits.shape
    if not 1 <= streams <= MAX_STREAMS:
        raise ValueError(f"{streams} streams, must be 1 to {MAX_STREAMS}")
    padded = np.zeros((MAX_STREAMS, clocks, width), dtype=np.bool_)
    padded[:streams] = bits
    octets = np.packbits(padded, axis=0, bitorder="little")
    return (
        np.ascontiguousarray(octets.transpose(1, 2, 0)).view("<u8").reshape(clocks, width).astype(np.uint64)
    )


def pack_codes(codes: npt.NDArray[np.integer], bits: int) -> Words:
    """Return words [clocks, lanes * bits] of `codes` [streams, clocks, lanes], lane 0 in the lowest bits."""
    streams, clocks, lanes = codes.shape
    shifts = np.arange(bits, dtype=np.uint64)
    split = (codes[..., None].astype(np.uint64) >> shifts) & np.uint64(1)
    return pack(split.astype(np.bool_).reshape(streams, clocks, lanes * bits))


def unpack(words: Words, streams: int) -> npt.NDArray[np.bool_]:
    """Return bits [streams, clocks, width] of `words` [clocks, width]."""
    octets = np.ascontiguousarray(words.astype("<u8")).view(np.uint8).reshape(*words.shape, 8)
    bits = np.unpackbits(octets.transpose(2, 0, 1), axis=0, bitorder="little", count=streams)
    return bits.astype(np.bool_)


def unpack_codes(words: Words, streams: int, bits: int) -> npt.NDArray[np.uint64]:
    """Return codes [streams, clocks, lanes] of `words` [clocks, lanes * bits]."""
    split = unpack(words, streams)
    lanes = split.reshape(*split.shape[:2], -1, bits).astype(np.uint64)
    codes: npt.NDArray[np.uint64] = (lanes << np.arange(bits, dtype=np.uint64)).sum(axis=-1, dtype=np.uint64)
    return codes
