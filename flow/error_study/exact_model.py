"""FlashAttention-2 with an exact exponential: what the format alone costs."""

import numpy as np

from hdl.formats import FloatFormat
from hdl.kernels.fa2 import Fa2Model
from hdl.models.codes import decode, encode
from hdl.models.numpy_when_used import CodeArray
from hdl.models.operators import multiply


def exact_product(x: CodeArray, v: CodeArray, fmt: FloatFormat) -> CodeArray:
    """Return e^x v with each of e^x and the product rounded once to the format."""
    weight = encode(np.exp(np.minimum(decode(x, fmt), 0.0)), fmt)
    return multiply(weight[..., None], v, fmt)


class ExactModel(Fa2Model):
    """FlashAttention-2 in the format, with `exact_product` in the place of an operator."""

    def exp_multiply(self, x: CodeArray, v: CodeArray) -> CodeArray:
        """Return e^x v with both roundings."""
        return exact_product(x, v, self.fmt)
