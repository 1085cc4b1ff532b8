import gzip
import re

import pytest

from flow.pdk_data import SHARED_ROOT, missing_file
from pdk_configs.pdk import load_pdk, pdk_names


@pytest.fixture(params=pdk_names())
def pdk(request):
    return load_pdk(request.param)


@pytest.fixture
def liberty(pdk):
    if missing_file(pdk, SHARED_ROOT) is not None:
        pytest.skip(f"no data of {pdk.name} beside the checkout")
    (name,) = [name for name in pdk.required_files if name.endswith((".lib", ".lib.gz"))]
    path = SHARED_ROOT / name
    return gzip.open(path, "rt").read() if path.suffix == ".gz" else path.read_text()


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


def test_an_unknown_pdk_is_a_key_error():
    with pytest.raises(KeyError):
        load_pdk("none")
