"""The layers of a GDS that carry signals: wires, cuts between them, and the texts that name pins."""

from collections.abc import Sequence
from dataclasses import dataclass

# A layer of a GDS: its number and its datatype.
GdsLayer = tuple[int, int]


@dataclass(frozen=True)
class WireLayer:
    """A layer of wires by its name in the technology LEF.

    `shapes` are the GDS layers that hold its metal, drawn and pin purposes alike; `texts` those whose
    texts name the pins and ports on it.
    """

    name: str
    shapes: tuple[GdsLayer, ...]
    texts: tuple[GdsLayer, ...]


@dataclass(frozen=True)
class CutLayer:
    """A layer of cuts by its name in the technology LEF; it joins the wire layers below and above."""

    name: str
    shape: GdsLayer


@dataclass(frozen=True)
class LayerStack:
    """Wires from the lowest layer on which a cell has pins to the top: `cuts[i]` joins wires i and i + 1."""

    wires: tuple[WireLayer, ...]
    cuts: tuple[CutLayer, ...]

    def __post_init__(self) -> None:
        """Check that there is a cut between any two neighbours."""
        if len(self.cuts) != len(self.wires) - 1:
            raise ValueError(f"{len(self.wires)} wire layers want {len(self.wires) - 1} cut layers")


def make_stack(
    wires: Sequence[tuple[str, int]],
    cuts: Sequence[tuple[str, GdsLayer]],
    shape_datatypes: Sequence[int] = (0,),
    text_datatypes: Sequence[int] = (0,),
) -> LayerStack:
    """Return a stack whose wire layers, (name, GDS number), all have the same datatypes."""
    return LayerStack(
        tuple(
            WireLayer(
                name,
                tuple((number, datatype) for datatype in shape_datatypes),
                tuple((number, datatype) for datatype in text_datatypes),
            )
            for name, number in wires
        ),
        tuple(CutLayer(name, shape) for name, shape in cuts),
    )
