"""`exponential = vexp`: the baseline's weights by VEXP's exponential, with two products a lane or one."""

from myhdl import Signal, intbv

from hdl.formats import FloatFormat
from hdl.kernels.fa2_weights import WEIGH_WIDTHS
from hdl.kernels.one_product import WEIGH_ONE_WIDTHS, key_operands
from hdl.language.lanes import fields, joined, lanes
from hdl.language.unit import In, Instances, Out, always_comb, instances, unit
from hdl.units.arithmetic.multiply import multiply
from hdl.units.exponential.vexp import vexp
from hdl.units.registers import register


@unit(x="fmt.width", weight="fmt.width")
def vexp_weight(clk: In, x: In, drop: In, weight: Out, *, fmt: FloatFormat) -> Instances:
    """One clock later: weight = e^x by VEXP's exponential, or 0 for drop = 1."""
    exponential_of_x = Signal(intbv(0)[fmt.width :])
    chosen = Signal(intbv(0)[fmt.width :])

    exponential = vexp(x, exponential_of_x, fmt=fmt, instance="exp")

    @always_comb
    def choose() -> None:
        if drop:
            chosen.next = 0
        else:
            chosen.next = exponential_of_x

    weight_register = register(clk, chosen, weight, width=fmt.width, instance="weight_register")

    return instances()


@unit(**WEIGH_WIDTHS)
def weigh_vexp(
    clk: In,
    start: In,
    live: In,
    rescale: In,
    offset: In,
    sums: In,
    value: In,
    rescaled: Out,
    weighted: Out,
    *,
    fmt: FloatFormat,
    d: int,
) -> Instances:
    """Two of VEXP's exponentials and 2d+1 multipliers; ports and timing as those of `weigh_separate`."""
    width = fmt.width
    masked = Signal(False)
    sums_weight = Signal(intbv(0)[width:])
    key_weight = Signal(intbv(0)[width:])

    @always_comb
    def invert() -> None:
        masked.next = not live

    weights = [
        vexp_weight(clk, x, drop, weight, fmt=fmt, instance=name)
        for name, x, drop, weight in (
            ("rescale_weight", rescale, start, sums_weight),
            ("value_weight", offset, masked, key_weight),
        )
    ]
    rescale_lanes = lanes(multiply, a=sums_weight, b=fields(sums, width), fmt=fmt, instance="rescale")
    value_lanes = lanes(multiply, a=key_weight, b=fields(value, width), fmt=fmt, instance="value", start=1)
    rescaled_lanes = rescale_lanes.y
    weighted_lanes = joined([key_weight, *value_lanes.signals["y"]])

    @always_comb
    def deliver() -> None:
        rescaled.next = rescaled_lanes
        weighted.next = weighted_lanes

    return instances()


@unit(**WEIGH_ONE_WIDTHS)
def weigh_one_vexp(
    clk: In,
    start: In,
    live: In,
    rises: In,
    x: In,
    sums: In,
    value: In,
    product: Out,
    passed: Out,
    *,
    fmt: FloatFormat,
    d: int,
) -> Instances:
    """One of VEXP's exponentials, d+1 multipliers; ports and timing as those of `weigh_one_separate`."""
    width = fmt.width
    drop_product = Signal(False)
    weight = Signal(intbv(0)[width:])
    scaled = Signal(intbv(0)[(d + 1) * width :])

    operands = key_operands(
        clk, start, live, rises, sums, value, drop_product, scaled, passed,
        fmt=fmt, d=d, saturates=True, instance="operands",
    )  # fmt: skip
    weight_of_x = vexp_weight(clk, x, drop_product, weight, fmt=fmt, instance="weight_of_x")
    products = lanes(multiply, a=weight, b=fields(scaled, width), fmt=fmt, instance="multiply")
    product_lanes = products.y

    @always_comb
    def deliver() -> None:
        product.next = product_lanes

    return instances()
