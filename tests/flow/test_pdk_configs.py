import gzip
import re
import subprocess

import pytest
from needs import skip_without
from pdk_files import pdk_root

from flow.tools import pdk_data
from flow.tools.pdk_data import fetch_package, missing_file, package_home
from pdk_configs.pdk import load_pdk, pdk_names


@pytest.fixture(params=pdk_names())
def pdk(request):
    return load_pdk(request.param)


@pytest.fixture
def data_root(pdk):
    """Where the data lies; only a package is fetched."""
    if pdk.package is not None:
        if fetch_package(pdk.package, package_home(pdk.package)) is not None:
            skip_without(pdk.name)
        return package_home(pdk.package)
    if missing_file(pdk, pdk_root()) is not None:
        skip_without("pdk")
    return pdk_root()


@pytest.fixture
def liberty(pdk, data_root):
    (name,) = [name for name in pdk.required_files if name.endswith((".lib", ".lib.gz"))]
    path = data_root / name
    return (
        gzip.open(path, "rt", encoding="utf-8").read()
        if path.suffix == ".gz"
        else path.read_text(encoding="utf-8")
    )


def test_the_reference_cell_has_the_area_that_the_library_says(pdk, liberty):
    area = re.search(
        rf'cell\s*\(\s*"?{pdk.nand2_cell}"?\s*\)\s*{{.*?\barea\s*:\s*([\d.]+)', liberty, re.DOTALL
    )
    assert float(area[1]) == pytest.approx(pdk.nand2_area_um2)


def test_the_corner_has_the_voltage_that_the_library_says(pdk, liberty):
    (voltage,) = set(re.findall(r"^\s*nom_voltage\s*:\s*([\d.]+)", liberty, re.MULTILINE))
    (temperature,) = set(re.findall(r"^\s*nom_temperature\s*:\s*([\d.]+)", liberty, re.MULTILINE))
    assert float(voltage) == pdk.voltage_v
    assert float(temperature) == pdk.temperature_c


def test_the_cells_of_the_gds_are_abstracts_where_the_library_has_no_layouts(pdk, data_root):
    library = pdk.make_library(data_root)
    layouts = [
        fileset for fileset in library.getkeys("fileset") if library.has_file(fileset=fileset, filetype="gds")
    ]
    assert pdk.layout_cells == ("full" if layouts else "abstract")


def test_parasitics_are_estimated_where_the_technology_has_no_extraction_rules(pdk, data_root):
    library = pdk.make_library(data_root)
    technology = library.get_dep(library.get("asic", "pdk"))
    rules = technology.valid("pdk", "pexmodelfileset", "openroad", "typical")
    assert pdk.parasitics == ("extracted" if rules else "estimated")


def test_an_unknown_pdk_is_a_key_error():
    with pytest.raises(KeyError):
        load_pdk("none")


def test_cells_that_are_not_to_be_used_are_cells_of_the_library(pdk, liberty, data_root):
    cells = re.findall(r'^\s*cell\s*\(\s*"?(\w+)"?\s*\)', liberty, re.MULTILINE)
    unused = pdk.make_library(data_root).get("asic", "cells", "dontuse")
    ours = [cell for cell in unused if "*" not in cell and "lpflow" not in cell and "probe" not in cell]
    assert set(ours) <= set(cells)
    assert pdk.nand2_cell not in unused


def test_layers_with_a_share_of_free_tracks_are_routing_layers_of_the_technology(pdk, data_root):
    library = pdk.make_library(data_root)
    technology = library.get_dep(library.get("asic", "pdk"))
    derated = {layer for layer, _ in technology.get("tool", "openroad", "globalroutingderating")}
    lefs = [data_root / name for name in pdk.required_files if name.endswith((".lef", ".tlef"))]
    text = "\n".join(path.read_text(encoding="utf-8") for path in lefs)
    assert derated <= set(re.findall(r"^\s*LAYER (\S+)\s+TYPE\s+ROUTING", text, re.MULTILINE))


@pytest.mark.parametrize("name", [name for name in pdk_names() if load_pdk(name).package is None])
def test_data_that_cannot_be_downloaded_is_one_line(name, monkeypatch):
    pdk = load_pdk(name)
    monkeypatch.setenv("EXPMUL_PDK_SOURCES", "download")
    answer = subprocess.CompletedProcess([], returncode=1, stdout="", stderr="no such host\n")
    calls = []
    monkeypatch.setattr(pdk_data, "captured", lambda *words, **options: calls.append(words) or answer)
    pdk_data.download.cache_clear()
    for _ in range(2):
        with pytest.raises(pdk_data.NoDataError, match="no such host"):
            pdk_data.find_data_root(pdk, None)
    assert len(calls) == 1, "a download is tried once"
    pdk_data.download.cache_clear()
