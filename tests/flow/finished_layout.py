"""A finished layout of a small design on each PDK, made once for all tests of that layout."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flow_command import result_of

from flow.common.errors import UserError
from flow.common.places import cache_dir
from flow.formats.def_file import DefFile, read_def
from flow.pipeline.steps.library_files import layout_files, liberty_files, technology_lefs
from flow.record.result import Result
from flow.record.settings import FALLBACK_PDK
from flow.signoff.geometry_check import LayoutFiles
from flow.tools.pdk_data import SOURCES_VARIABLE, find_data_root
from pdk_configs.pdk import Pdk, load_pdk

# The designs take turns.
DESIGN_OF_PDK = {
    "nangate45": "expmul",
    "sky130": "expmul",
    "asap7": "expmul",
    "ihp130": "expmul",
    "gf180": "expmul",
    "osu018": "separate_exp_mul",
}
# Whose cells the checks of shapes know, beside nangate45.
SLOW_PDKS = ("sky130", "asap7", "ihp130", "gf180")


@dataclass(frozen=True)
class FinishedLayout:
    """The files of a run and what its DEF says."""

    pdk: Pdk
    files: LayoutFiles
    technology_lef: Path
    placed: DefFile


def layout_on(pdk_name: str, *marks: pytest.MarkDecorator) -> Any:
    """Return a fixture's parameter, by which all tests of this layout run in one process."""
    # A layout takes a minute or two, on a busy machine eight.
    together = pytest.mark.xdist_group(f"layout on {pdk_name}"), pytest.mark.timeout(1500)
    return pytest.param(pdk_name, marks=[*together, *marks])


def lay_out(pdk_name: str, build: Path) -> tuple[Result, Path]:
    """Return the result of one lane in FP8 on the PDK and its folder: smaller than its power grid.

    So the die's floor is tried too. osu018 comes as the fallback, with every source but Debian's package off.
    Skips the test without the data of another PDK.
    """
    with pytest.MonkeyPatch.context() as environment:
        if pdk_name == FALLBACK_PDK:
            environment.setenv(SOURCES_VARIABLE, "package")
            environment.setenv("XDG_CACHE_HOME", str(fresh_cache(build)))
        else:
            skip_without_data(pdk_name)
        result = Result.model_validate(result_of(*words_of(pdk_name), out=build, env=os.environ))
    assert result.pdk == pdk_name
    return result, build / result.design / result.job


def words_of(pdk_name: str) -> list[str]:
    """Return the words of `run.py` that lay out the PDK's design; the fallback's PDK is not named."""
    words = ["--design", DESIGN_OF_PDK[pdk_name], "--format", "e4m3", "--lanes", "1", "--jobs", "1"]
    return words if pdk_name == FALLBACK_PDK else [*words, "--pdk", pdk_name]


def skip_without_data(pdk_name: str) -> None:
    """Skip the test where the PDK's data is not to be had."""
    try:
        find_data_root(load_pdk(pdk_name), None)
    except UserError as error:
        pytest.skip(str(error))


def fresh_cache(build: Path) -> Path:
    """Return a cache folder that holds OpenROAD, where it had to be fetched, and no PDK."""
    own = build / "cache" / cache_dir().name
    own.mkdir(parents=True, exist_ok=True)
    for folder in cache_dir().glob("openroad-*"):
        if not (own / folder.name).exists():
            (own / folder.name).symlink_to(folder)
    return build / "cache"


def finished_layout(result: Result, folder: Path) -> FinishedLayout:
    """Return what the checks of a layout take."""
    pdk = load_pdk(result.pdk)
    library = pdk.make_library(find_data_root(pdk, None))
    paths = {kind: folder / name for kind, name in result.files.items()}
    technology_lef, *_ = technology = technology_lefs(library.get_dep(library.get("asic", "pdk")))
    files = LayoutFiles(
        gds=paths["gds"],
        routed_def=paths["layout"],
        netlist=paths["routed"],
        top=result.design,
        liberty=liberty_files(library, pdk.corner),
        lef=[*technology, *layout_files(library, "lef")],
    )
    return FinishedLayout(pdk, files, technology_lef, read_def(paths["layout"]))
