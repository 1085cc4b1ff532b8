"""What the kernels of the paper share: FlashAttention-2 in floating point, all but its products.

For the keys i of a query, with o* = [l, o] and v* = [1, v]:

    s = q . k_i          m_new = max(m, s)
    o* = e^(m - m_new) o* + e^(s - m_new) v*_i         and after the last key o / l

hdl/KERNELS.md has the ports' timing, the pipeline and the reasons.
"""

from dataclasses import dataclass

from hdl.kernels.frame import Stage
from hdl.kernels.running_maximum import running_maximum
from hdl.kernels.stages import accumulate, difference, divide
from hdl.models import arithmetic
from hdl.models.attention import Model
from hdl.models.codes import decode
from hdl.models.numpy_when_used import BoolArray, CodeArray, np

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
    """FlashAttention-2 in the format, but for the operator that gives e^x times a vector."""

    def exp_multiply(self, x: CodeArray, v: CodeArray) -> CodeArray:
        """Return the codes of e^x v: x of shape S, v and the result of shape S + (lanes,)."""
        raise NotImplementedError

    def start(self, shape: tuple[int, ...]) -> Fa2State:
        """Return the most negative finite number, and sums of zero."""
        lowest = np.uint32((1 << self.fmt.sign_bit) + self.fmt.max_finite_code)
        return Fa2State(
            np.full(shape[:-1], lowest, np.uint32), np.zeros((*shape[:-1], shape[-1] + 1), np.uint32)
        )

    def key(self, state: Fa2State, score: CodeArray, value: CodeArray, live: BoolArray) -> Fa2State:
        """Rescale the sums to the new maximum and add the weighted value."""
        fmt = self.fmt
        higher = live & (decode(score, fmt) > decode(state.maximum, fmt))
        maximum = np.where(higher, score, state.maximum)
        one = np.full((*value.shape[:-1], 1), fmt.one_code, np.uint32)
        rescaled = self.exp_multiply(arithmetic.subtract(state.maximum, maximum, fmt), state.sums)
        weighted = self.exp_multiply(
            arithmetic.subtract(score, maximum, fmt), np.concatenate([one, value], axis=-1)
        )
        counted = np.where(live[..., None], weighted, 0).astype(np.uint32)
        return Fa2State(maximum, arithmetic.add(rescaled, counted, fmt))

    def finish(self, state: Fa2State) -> CodeArray:
        """Divide."""
        return arithmetic.divide(state.sums, self.fmt)
