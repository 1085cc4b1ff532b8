"""What the inspector's page knows of a run, in arrays and tables."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

# Of a pin's owner: a number below this is a cell, one from here on a port.
PORTS_FROM = 1 << 24
# Added to the layer of a piece of wire that goes along y.
ALONG_Y = 128

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Facts:
    """A run to look into. Lengths are in the DEF's units; arrays are by cell, by net or by a net's pins.

    `tables` holds the names that the arrays' indices mean, and what is told once: it is plain data.
    """

    tables: dict[str, Any]
    arrays: dict[str, Array]


def indices(values: list[str], names: Any, kind: Any) -> Array:
    """Return the index in `names` of each value."""
    number = {name: index for index, name in enumerate(names)}
    return np.array([number[value] for value in values], kind)
