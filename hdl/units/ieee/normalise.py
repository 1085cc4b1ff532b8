"""Leading zeros, and a normaliser that stops at a limit: gradual underflow."""

from myhdl import ConcatSignal, Signal, modbv

from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.normalise import zeros_bits


@unit
def leading_zeros(value: In, zeros: Out, *, width: int) -> Instances:
    """Zeros above the leading one of an unsigned value of `width` bits; 0 for value = 0."""

    @always_comb
    def count() -> None:
        zeros.next = 0
        for index in range(width):
            if value[index]:
                zeros.next = width - 1 - index

    return instances()


@unit
def limited_shift(
    value: In, unlimited: In, limit_bit: In, shifted: Out, skipped: Out, *, width: int, distance: int
) -> Instances:
    """Shift left by `distance` where that many top bits are all zero and the limit allows it.

    unlimited  bool: the limit is 2 * distance or more
    limit_bit  bool: the limit's bit of weight `distance`
    skipped    bool: shifted
    """
    low = width - distance
    move = Signal(False)

    @always_comb
    def decide() -> None:
        move.next = value[width:low] == 0 and (unlimited or limit_bit)

    @always_comb
    def step() -> None:
        skipped.next = move
        if move:
            shifted.next = value << distance
        else:
            shifted.next = value

    return instances()


@unit
def still_unlimited(unlimited: In, limit_bit: In, skipped: In, after: Out) -> Instances:
    """after = 1 where the limit does not bind the steps of half the distance; ports as in `limited_shift`."""

    @always_comb
    def deliver() -> None:
        # A limit beyond 2 * distance no longer counts once the distance is gone: fewer zeros are left.
        after.next = unlimited or (limit_bit and not skipped)

    return instances()


@unit
def normalise_within(
    value: In, limit: In, normalised: Out, shift: Out, *, width: int, limit_bits: int
) -> Instances:
    """normalised = value * 2^shift, shift = min(leading zeros, limit), for value = 0 of no meaning.

    value, normalised  unsigned, `width` bits, 3 or more
    limit              unsigned, limit_bits bits
    shift              ceil(log2(width)) bits
    """
    steps = zeros_bits(width)
    assert steps > 1 and len(shift) == steps
    top_step = 1 << steps

    partial = [Signal(modbv(0)[width:]) for _ in range(steps - 1)]
    skipped = [Signal(False) for _ in range(steps)]
    unlimited = [Signal(False) for _ in range(steps)]
    chain = [value, *partial, normalised]
    above = unlimited[0]

    @always_comb
    def compare() -> None:
        above.next = limit >= top_step

    limit_bits_of_steps = [
        limit(steps - 1 - index) if steps - 1 - index < limit_bits else False for index in range(steps)
    ]
    step = [
        limited_shift(
            chain[index],
            unlimited[index],
            limit_bits_of_steps[index],
            chain[index + 1],
            skipped[index],
            width=width,
            distance=1 << (steps - 1 - index),
            instance=f"by_{1 << (steps - 1 - index)}",
        )
        for index in range(steps)
    ]
    limits = [
        still_unlimited(
            unlimited[index],
            limit_bits_of_steps[index],
            skipped[index],
            unlimited[index + 1],
            instance=f"limit_{1 << (steps - 1 - index)}",
        )
        for index in range(steps - 1)
    ]
    count = ConcatSignal(*skipped)

    @always_comb
    def deliver() -> None:
        shift.next = count

    return compare, step, limits, deliver
