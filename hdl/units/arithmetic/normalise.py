"""Normaliser: shifts the leading one to the top bit and counts the leading zeros."""

from myhdl import ConcatSignal, Signal, intbv

from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


def zeros_bits(width: int) -> int:
    """Return the bits of the count of leading zeros of a number of `width` bits."""
    return (width - 1).bit_length()


@unit(value="width", shifted="width")
def normalise_step(value: In, shifted: Out, skipped: Out, *, width: int, distance: int) -> Instances:
    """Shift left by `distance` where that many top bits are all zero; `width` bits.

    skipped  1 where shifted
    """
    low = width - distance

    @always_comb
    def step() -> None:
        if value[width:low] == 0:
            shifted.next = value << distance
            skipped.next = True
        else:
            shifted.next = value
            skipped.next = False

    return instances()


@unit(value="width", normalised="width", zeros=lambda p: zeros_bits(p.width))
def normalise(value: In, normalised: Out, zeros: Out, *, width: int) -> Instances:
    """normalised = value * 2^zeros with its top bit set; for value = 0 it is 0 and zeros is all ones.

    value, normalised  unsigned, `width` bits, 3 or more
    zeros              leading zeros of value, ceil(log2(width)) bits
    """
    steps = zeros_bits(width)
    assert steps > 1

    # From the largest power of two below the width down to 1.
    partial = [Signal(intbv(0)[width:]) for _ in range(steps - 1)]
    skipped = [Signal(False) for _ in range(steps)]
    chain = [value, *partial, normalised]
    step = [
        normalise_step(
            chain[index],
            chain[index + 1],
            skipped[index],
            width=width,
            distance=1 << (steps - 1 - index),
            instance=f"by_{1 << (steps - 1 - index)}",
        )
        for index in range(steps)
    ]
    count = ConcatSignal(*skipped)

    @always_comb
    def deliver() -> None:
        zeros.next = count

    return instances()
