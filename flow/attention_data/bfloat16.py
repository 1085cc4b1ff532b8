"""BFloat16 codes of the committed sample: the upper half of an FP32 number."""

import numpy as np
import numpy.typing as npt


def to_bfloat16(numbers: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Return the 16-bit codes of finite FP32 `numbers`, rounded to nearest even."""
    bits = np.ascontiguousarray(numbers, dtype=np.float32).view(np.uint32)
    rounding = np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))
    return ((bits + rounding) >> np.uint32(16)).astype(np.uint16)


def from_bfloat16(codes: npt.NDArray[np.uint16]) -> npt.NDArray[np.float64]:
    """Return the numbers of 16-bit `codes`, exactly."""
    return (codes.astype(np.uint32) << np.uint32(16)).view(np.float32).astype(np.float64)
