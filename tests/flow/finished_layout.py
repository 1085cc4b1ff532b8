"""A finished layout of a small design on each PDK, and its GDS with faults planted in it."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from flow_command import result_of

from flow.common.errors import UserError
from flow.formats.def_file import DefFile, read_def
from flow.pipeline.steps.library_files import layout_files, liberty_files, technology_lefs
from flow.signoff.geometry_check import LayoutFiles
from flow.tools.pdk_data import find_data_root
from pdk_configs.pdk import Pdk, load_pdk

TOP = "expmul"
FULL_LAYOUT_PDKS = ("nangate45", "sky130", "asap7", "ihp130")


@dataclass(frozen=True)
class FinishedLayout:
    """The files of a run and what its DEF says."""

    pdk: Pdk
    files: LayoutFiles
    technology_lef: Path
    placed: DefFile


def lay_out(pdk_name: str, build: Path) -> FinishedLayout:
    """Return the layout of one lane in FP8 on the PDK; skips the test without the PDK's data."""
    pdk = load_pdk(pdk_name)
    try:
        library = pdk.make_library(find_data_root(pdk, None))
    except UserError as error:
        pytest.skip(str(error))
    words = ("--design", TOP, "--format", "e4m3", "--lanes", "1", "--pdk", pdk_name, "--jobs", "1")
    result = result_of(*words, out=build)
    folder = build / TOP / result["job"]
    paths = {kind: folder / name for kind, name in result["files"].items()}
    technology_lef, *_ = technology = technology_lefs(library.get_dep(library.get("asic", "pdk")))
    files = LayoutFiles(
        gds=paths["gds"],
        routed_def=paths["layout"],
        netlist=paths["routed"],
        top=TOP,
        liberty=liberty_files(library, pdk.corner),
        lef=[*technology, *layout_files(library, "lef")],
    )
    return FinishedLayout(pdk, files, technology_lef, read_def(paths["layout"]))
