"""What a PDK's data says of its cells and wires."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flow.formats.def_wires import routing_layers
from flow.formats.lef_macros import read_macros
from flow.formats.lef_rules import read_rules
from flow.formats.liberty import Cell, read_liberty
from flow.pipeline.steps.library_files import layout_files, liberty_files, technology_lefs
from flow.record.settings import find_pdk
from flow.tools.pdk_data import find_data_root


@dataclass(frozen=True)
class LibraryFacts:
    """What the library and the technology say: cells by name, their sizes, layers and vias of wires."""

    cells: Mapping[str, Cell]
    sizes_um: Mapping[str, tuple[float, float]]
    layers: list[str]
    widths_um: Mapping[str, float]
    technology: list[Path]
    liberty: list[Path]
    time_unit_ns: float


def read_library(pdk_name: str, pdk_root: Path | None) -> LibraryFacts:
    """Return what the PDK's data says of its cells and wires; raises UserError where it is not at hand."""
    pdk = find_pdk(pdk_name)
    library = pdk.make_library(find_data_root(pdk, pdk_root))
    technology = technology_lefs(library.get_dep(library.get("asic", "pdk")))
    liberty = liberty_files(library, pdk.corner)
    macros = read_macros([*technology, *layout_files(library, "lef")])
    rules = read_rules(technology[0])
    return LibraryFacts(
        cells=read_liberty(liberty),
        sizes_um={name: macro.size_um for name, macro in macros.items()},
        layers=routing_layers(technology),
        widths_um={name: layer.width_um for name, layer in rules.wires.items()},
        technology=technology,
        liberty=liberty,
        time_unit_ns=pdk.time_unit_ns,
    )
