"""Each routing and cut layer of a GDS is the PDK's own number, on which the library's cells lie too."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from klayout import db

from flow.common.errors import UserError
from flow.pipeline.steps.stream_out import SCRIPT, layer_map_options
from flow.tools.pdk_data import find_data_root
from pdk_configs.pdk import load_pdk, pdk_names

# (layer, datatype) of the wires and vias, from the PDKs' manuals.
NUMBERS = {
    "nangate45": {f"metal{n}": (9 + 2 * n, 0) for n in range(1, 11)}
    | {f"via{n}": (10 + 2 * n, 0) for n in range(1, 10)},
    "asap7": {"M1": (19, 0)}
    | {f"M{n}": (10 * n, 0) for n in range(2, 10)}
    | {"V1": (21, 0)}
    | {f"V{n}": (10 * n + 5, 0) for n in range(2, 9)},
    "sky130": {"li1": (67, 20), "mcon": (67, 44), "via": (68, 44)}
    | {f"met{n}": (67 + n, 20) for n in range(1, 6)}
    | {f"via{n}": (67 + n, 44) for n in range(2, 5)},
    "ihp130": {f"Metal{n}": (number, 0) for n, number in enumerate((8, 10, 30, 50, 67), 1)}
    | {f"Via{n}": (number, 0) for n, number in enumerate((19, 29, 49, 66), 1)}
    | {"TopVia1": (125, 0), "TopMetal1": (126, 0), "TopVia2": (133, 0), "TopMetal2": (134, 0)},
    "gf180": {f"Metal{n}": (number, 0) for n, number in enumerate((34, 36, 42, 46, 81), 1)}
    | {f"Via{n}": (number, 0) for n, number in enumerate((35, 38, 40, 41), 1)},
    "osu018": {f"metal{n}": (number, 0) for n, number in enumerate((49, 51, 62, 31, 33, 37), 1)}
    | {"via": (50, 0)}
    | {f"via{n}": (number, 0) for n, number in enumerate((61, 30, 32, 36), 2)},
}
LAYER = re.compile(r"^\s*LAYER\s+(\w+)\s+TYPE\s+(ROUTING|CUT)", re.MULTILINE)
VIA = re.compile(r"^\s*VIA (\w+)\s+DEFAULT.*?^\s*END \1", re.DOTALL | re.MULTILINE | re.IGNORECASE)


def library_files(pdk):
    """Return the PDK's LEFs, its cells' GDS and the layer map's arguments; skips without the data."""
    try:
        library = pdk.make_library(find_data_root(pdk, None))
    except UserError as error:
        pytest.skip(str(error))
    technology = library.get_dep(library.get("asic", "pdk"))
    files = {"lef": [], "gds": []}
    for fileset in technology.get("pdk", "aprtechfileset", "klayout"):
        files["lef"] += technology.find_files("fileset", fileset, "file", "lef")
    for kind, found in files.items():
        for fileset in library.get("asic", "aprfileset"):
            if library.has_file(fileset=fileset, filetype=kind):
                found += library.find_files("fileset", fileset, "file", kind)
    return files["lef"], files["gds"], layer_map_options(technology)


def routed_def(lef, cell, numbers):
    """Return a DEF with one cell, a wire on each of the layers and each default via between them."""
    layers = [name for name, kind in LAYER.findall(lef) if kind == "ROUTING" and name in numbers]
    wires = [f"{name} ( 20000 20000 ) ( 60000 20000 )" for name in layers]
    for via in VIA.finditer(lef):
        on = [name for name in re.findall(r"LAYER (\w+)", via[0]) if name in layers]
        if len(on) >= 2:
            wires.append(f"{on[0]} ( 40000 20000 ) {via[1]}")
    return (
        "VERSION 5.8 ;\nDESIGN top ;\nUNITS DISTANCE MICRONS 1000 ;\nDIEAREA ( 0 0 ) ( 90000 90000 ) ;\n"
        f"COMPONENTS 1 ;\n - u0 {cell} + PLACED ( 0 0 ) N ;\nEND COMPONENTS\n"
        f"NETS 1 ;\n - n1 + ROUTED {' NEW '.join(wires)} ;\nEND NETS\nEND DESIGN\n"
    )


@pytest.fixture(scope="module", params=pdk_names())
def streamed(request, tmp_path_factory):
    """A PDK, its LEFs' text, and the GDS of a layout with every layer."""
    pdk = load_pdk(request.param)
    lefs, cells, options = library_files(pdk)
    text = "\n".join(Path(path).read_text(encoding="utf-8") for path in lefs)
    folder = tmp_path_factory.mktemp(pdk.name)
    (folder / "top.def").write_text(routed_def(text, pdk.nand2_cell, NUMBERS[pdk.name]), encoding="utf-8")
    words = [sys.executable, "-I", SCRIPT, "--top", "top", "--def", "top.def", "--gds", "top.gds", *options]
    words += [word for path in lefs for word in ("--lef", path)]
    words += [word for path in cells for word in ("--cells", path)]
    subprocess.run(words, cwd=folder, check=True, capture_output=True)
    layout = db.Layout()
    layout.read(str(folder / "top.gds"))
    return pdk, text, layout


def numbers_with_shapes(layout, cells):
    """Return (layer, datatype) of the layers on which `cells` themselves have shapes."""
    return {
        (info.layer, info.datatype)
        for info in layout.layer_infos()
        if any(not cell.shapes(layout.layer(info)).is_empty() for cell in cells)
    }


def test_every_wire_and_via_is_on_the_pdks_number(streamed):
    pdk, text, layout = streamed
    top = layout.cell("top")
    vias = [cell for cell in layout.each_cell() if cell.name not in ("top", pdk.nand2_cell)]
    drawn = {name for name, _ in LAYER.findall(text)} & set(NUMBERS[pdk.name])
    wanted = {NUMBERS[pdk.name][name] for name in drawn}
    found = numbers_with_shapes(layout, [top, *vias])
    assert len(wanted) >= 9
    assert wanted <= found
    # Beside them only the die's outline.
    assert len(found - wanted) <= 1


def test_the_cells_pins_lie_on_the_number_of_their_layers_wires(streamed):
    pdk, text, layout = streamed
    cell = layout.cell(pdk.nand2_cell)
    macro = re.search(rf"^MACRO {pdk.nand2_cell}$.*?^END {pdk.nand2_cell}$", text, re.DOTALL | re.MULTILINE)[
        0
    ]
    pins = re.findall(r"^\s*PIN (\w+)$(.*?)^\s*END \1$", macro, re.DOTALL | re.MULTILINE)
    checked = 0
    for name, body in pins:
        for layer, drawn in re.findall(r"LAYER (\w+) ;(.*?)(?=LAYER|END|\Z)", body, re.DOTALL):
            if layer not in NUMBERS[pdk.name]:
                continue
            number, datatype = NUMBERS[pdk.name][layer]
            # An abstract has its pins on a datatype of their own.
            types = {info.datatype for info in layout.layer_infos() if info.layer == number}
            types = types if pdk.layout_cells == "abstract" else {datatype}
            shapes = db.Region()
            for datatype in types:
                shapes += db.Region(cell.begin_shapes_rec(layout.layer(number, datatype)))
            for kind, corners in re.findall(r"(RECT|POLYGON)\s+([-\d. ]+);", drawn):
                x, y = (list(map(float, corners.split()[axis::2])) for axis in (0, 1))
                if kind == "RECT":
                    centre = db.DBox(x[0], y[0], x[1], y[1]).to_itype(layout.dbu).center()
                    probe = db.Region(db.Box(centre.x - 1, centre.y - 1, centre.x + 1, centre.y + 1))
                else:
                    probe = db.Region(db.DPolygon(list(map(db.DPoint, x, y))).to_itype(layout.dbu))
                assert not (probe & shapes).is_empty(), (name, layer, corners)
                checked += 1
    assert checked >= 3


def test_a_technology_without_a_map_is_refused(tmp_path):
    technology = db.Technology()
    technology.save(str(tmp_path / "none.lyt"))
    words = ["--top", "top", "--def", "x.def", "--gds", "x.gds", "--lef", "x.lef"]
    words += ["--technology", str(tmp_path / "none.lyt")]
    done = subprocess.run(
        [sys.executable, "-I", SCRIPT, *words], capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert done.returncode == 1
    assert "no map from DEF to GDS layers" in done.stderr
