"""What the kernels of the paper share: FlashAttention-2 in floating point, all but its products.

For the keys i of a query, with o* = [l, o] and v* = [1, v]:

    s = q . k_i          m_new = max(m, s)
    o* = e^(m - m_new) o* + e^(s - m_new) v*_i         and after the last key o / l

hdl/KERNELS.md has the ports' timing, the pipeline and the reasons.
"""

from dataclasses import dataclass

from hdl.ieee_format import argument_format
from hdl.kernels.frame import Stage
from hdl.kernels.running_maximum import running_maximum
from hdl.kernels.stages import accumulate, difference, divide
from hdl.models.attention import Model
from hdl.models.by_format import arithmetic_of
from hdl.models.codes import decode
from hdl.models.division import quotients
from hdl.models.numpy_when_used import BoolArray, CodeArray, np
from hdl.parameters import ONE

MAXIMUM = Stage(running_maximum, "maximum")
DIFFERENCE = Stage(difference, "difference")
ACCUMULATE = Stage(accumulate, "accumulate")
DIVIDE = Stage(divide, "divide", 2)


@dataclass(frozen=True)
class Fa2State:
    """The largest score so far, codes (...), and the sums [l, o], codes (..., d + 1)."""

    maximum: CodeArray
    sums: CodeArray


class Fa2Model(Model):
    """FlashAttention-2 in the format, but for the operator that gives e^x times a vector.

    infinite_rises  with one product: whether a score of +Inf rises (`one_product.rising_maximum`)
    """

    infinite_rises = True

    def exp_multiply(self, x: CodeArray, v: CodeArray) -> CodeArray:
        """Return the codes of e^x v: x of shape S, v and the result of shape S + (lanes,)."""
        raise NotImplementedError

    def start(self, shape: tuple[int, ...]) -> Fa2State:
        """Return the most negative finite number, and sums of zero."""
        maximum = np.full(shape[:-1], self.lowest_code, np.uint32)
        return Fa2State(maximum, np.zeros((*shape[:-1], shape[-1] + 1), np.uint32))

    def key(self, state: Fa2State, score: CodeArray, value: CodeArray, live: BoolArray) -> Fa2State:
        """Rescale the sums to the new maximum and add the weighted value."""
        by_products = (
            self.key_by_one_product
            if getattr(self.parameters, "products", None) == ONE
            else self.key_by_two_products
        )
        return by_products(state, score, value, np.zeros(live.shape, np.bool_), live)

    def key_by_two_products(
        self, state: Fa2State, score: CodeArray, value: CodeArray, first: BoolArray, live: BoolArray
    ) -> Fa2State:
        """Return the state after a key; `first` (...): what the state holds is the query's before."""
        of = arithmetic_of(self.fmt)
        before = np.where(first, self.lowest_code, state.maximum)
        maximum = np.where(live & self._above(score, before), score, before)
        of_x = argument_format(self.fmt)
        rescaled = self._scale(of.subtract(before, maximum, of_x), state.sums, first)
        weighted = self._scale(of.subtract(score, maximum, of_x), self._with_one(value), ~live)
        return Fa2State(maximum, of.add(rescaled, weighted, self.fmt))

    def key_by_one_product(
        self, state: Fa2State, score: CodeArray, value: CodeArray, first: BoolArray, live: BoolArray
    ) -> Fa2State:
        """Return the same by one difference, one exponential and one product per lane."""
        of = arithmetic_of(self.fmt)
        before = np.where(first, self.lowest_code, state.maximum)
        rises = live & self._above(score, before)
        maximum = np.where(rises, score, before)
        if not self.infinite_rises:
            rises = rises & ~np.isinf(decode(score, self.fmt))
        values = self._with_one(value)
        x = of.subtract(np.where(rises, before, score), maximum, argument_format(self.fmt))
        scaled = np.where(rises[..., None], state.sums, values)
        product = self._scale(x, scaled, np.where(rises, first, ~live))
        times_one = self.exp_multiply(np.zeros(score.shape, np.uint32), values)
        resting = np.where(first[..., None], state.sums & self._sign, state.sums)
        return Fa2State(maximum, of.add(product, np.where(rises[..., None], times_one, resting), self.fmt))

    def finish(self, state: Fa2State) -> CodeArray:
        """Divide."""
        return quotients(state.sums, self.parameters)

    @property
    def lowest_code(self) -> "np.uint32":
        """Code of the most negative finite number, from which a maximum starts."""
        return np.uint32((1 << self.fmt.sign_bit) + self.fmt.max_finite_code)

    @property
    def _sign(self) -> "np.uint32":
        return np.uint32(1 << self.fmt.sign_bit)

    def _above(self, a: CodeArray, b: CodeArray) -> BoolArray:
        above: BoolArray = decode(a, self.fmt) > decode(b, self.fmt)
        return above

    def _scale(self, x: CodeArray, numbers: CodeArray, drop: BoolArray) -> CodeArray:
        """Return e^x times the numbers, and where `drop` a zero with their sign."""
        return np.where(drop[..., None], numbers & self._sign, self.exp_multiply(x, numbers))

    def _with_one(self, value: CodeArray) -> CodeArray:
        """Return [1, v]."""
        one = np.full((*value.shape[:-1], 1), self.fmt.one_code, np.uint32)
        return np.concatenate([one, value], axis=-1)
