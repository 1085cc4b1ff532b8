"""Balanced trees over the fields of a vector: sum and maximum."""

from myhdl import Signal, intbv

from hdl.language.unit import In, Instances, Out, always_comb, instances, unit


def tree_levels(count: int) -> int:
    """Return the levels of a balanced tree over `count` terms: ceil(log2(count))."""
    return (count - 1).bit_length()


def lower_half(count: int) -> int:
    """Return how many of `count` > 1 terms the lower subtree takes: the largest power of two below."""
    return 1 << (tree_levels(count) - 1)


def sum_signal(count: int, width: int, is_signed: bool) -> Signal:
    """Return a signal for the sum of `count` terms of `width` bits: one bit more for each level."""
    total_bits = width + tree_levels(count)
    if is_signed:
        half = 1 << (total_bits - 1)
        return Signal(intbv(0, min=-half, max=half))
    return Signal(intbv(0)[total_bits:])


@unit(terms="count * width", total=lambda p: p.width + tree_levels(p.count))
def sum_tree(terms: In, total: Out, *, count: int, width: int, is_signed: bool) -> Instances:
    """Exact sum of `count` terms.

    terms  count * width bits, term i = bits [i*width, (i+1)*width); two's complement if is_signed
    total  width + ceil(log2(count)) bits, signed if is_signed
    """
    if count == 1:
        if is_signed:

            @always_comb
            def leaf() -> None:
                total.next = terms.signed()
        else:

            @always_comb
            def leaf() -> None:
                total.next = terms

        return instances()

    split = lower_half(count)
    low_total = sum_signal(split, width, is_signed)
    high_total = sum_signal(count - split, width, is_signed)
    low = sum_tree(
        terms(split * width, 0), low_total, count=split, width=width, is_signed=is_signed, instance="low"
    )
    high = sum_tree(
        terms(count * width, split * width),
        high_total,
        count=count - split,
        width=width,
        is_signed=is_signed,
        instance="high",
    )

    @always_comb
    def add() -> None:
        total.next = low_total + high_total

    return instances()


@unit(values="count * width", largest="width")
def maximum_tree(values: In, largest: Out, *, count: int, width: int) -> Instances:
    """Largest of `count` unsigned values.

    values   count * width bits, value i = bits [i*width, (i+1)*width)
    largest  width bits
    """
    if count == 1:

        @always_comb
        def leaf() -> None:
            largest.next = values

        return instances()

    split = lower_half(count)
    low_largest = Signal(intbv(0)[width:])
    high_largest = Signal(intbv(0)[width:])
    low = maximum_tree(values(split * width, 0), low_largest, count=split, width=width, instance="low")
    high = maximum_tree(
        values(count * width, split * width),
        high_largest,
        count=count - split,
        width=width,
        instance="high",
    )

    @always_comb
    def choose() -> None:
        if high_largest > low_largest:
            largest.next = high_largest
        else:
            largest.next = low_largest

    return instances()
