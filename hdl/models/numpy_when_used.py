"""NumPy for the models, loaded when a model first computes.

A kernel's circuit and model stand in one file. Its Verilog and a run's settings want no NumPy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

    CodeArray = NDArray[np.uint32]
    FloatArray = NDArray[np.float64]
    IntArray = NDArray[np.int64]
    BoolArray = NDArray[np.bool_]
else:

    class _Numpy:
        """Takes each name from NumPy at its first use."""

        def __getattr__(self, name: str) -> Any:
            import numpy

            value = getattr(numpy, name)
            setattr(self, name, value)
            return value

    np = _Numpy()
    ArrayLike = CodeArray = FloatArray = IntArray = BoolArray = Any

__all__ = ["ArrayLike", "BoolArray", "CodeArray", "FloatArray", "IntArray", "np"]
