"""Stream-out with KLayout: the routed DEF and the library's cell layouts merged into one GDS.

Runs as a program of its own over the PyPI package `klayout`.
"""

import argparse
from pathlib import Path

from klayout import db

# KLayout's modes for what a DEF's cells hold.
ABSTRACT_CELLS, EMPTY_CELLS = 1, 2


def parse_arguments() -> argparse.Namespace:
    """Return the program's arguments."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--def", dest="routed", type=Path, required=True)
    parser.add_argument("--top", required=True)
    parser.add_argument("--technology", type=Path, required=True, help="KLayout's .lyt")
    parser.add_argument("--layer-map", type=Path, help="a map from DEF to GDS layers; none: the .lyt's own")
    parser.add_argument("--lef", type=Path, action="append", required=True)
    parser.add_argument(
        "--cells",
        type=Path,
        action="append",
        default=[],
        help="the library's GDS; none: abstracts",
    )
    parser.add_argument("--gds", type=Path, required=True)
    return parser.parse_args()


def routed_layout(arguments: argparse.Namespace) -> db.Layout:
    """Return the DEF as a layout; its cells are still empty where the library has a GDS."""
    technology = db.Technology()
    technology.load(str(arguments.technology))
    options = technology.load_layout_options
    lefdef = options.lefdef_config
    lefdef.read_lef_with_def = False
    lefdef.lef_files = [str(path.resolve()) for path in arguments.lef]
    lefdef.produce_cell_outlines = False
    if arguments.layer_map:
        lefdef.map_file = str(arguments.layer_map.resolve())
    elif lefdef.map_file:
        # KLayout would look for a relative name in the current folder.
        lefdef.map_file = str(arguments.technology.resolve().parent / lefdef.map_file)
    # Cells come whole from the library's GDS; without one they are drawn from their abstracts.
    lefdef.macro_resolution_mode = EMPTY_CELLS if arguments.cells else ABSTRACT_CELLS
    if not lefdef.map_file and not lefdef.layer_map.to_string():
        # KLayout would number the layers as they come.
        raise SystemExit(f"ERROR: {arguments.technology}: no map from DEF to GDS layers")
    layout = db.Layout()
    layout.read(str(arguments.routed), options)
    return layout


def fill_cells(layout: db.Layout, library_files: list[Path]) -> list[str]:
    """Give each empty cell its layout from the library; return the names of those without one."""
    library = db.Layout()
    for path in library_files:
        library.read(str(path))
    missing = []
    for cell in list(layout.each_cell()):
        if cell.is_top() or not cell.is_empty():
            continue
        source = library.cell(cell.name)
        if source is None:
            if not cell.name.startswith("VIA"):
                missing.append(cell.name)
            continue
        cell.copy_tree(source)
    return sorted(missing)


def stream_out(arguments: argparse.Namespace) -> None:
    """Write the merged GDS; ends with an error where a cell has no layout."""
    layout = routed_layout(arguments)
    missing = fill_cells(layout, arguments.cells)
    if missing:
        raise SystemExit(f"ERROR: no layout in the library for {', '.join(missing)}")
    options = db.SaveLayoutOptions()
    options.format = "GDS2"
    # A time stamp would make the same layout another file each time.
    options.gds2_write_timestamps = False
    options.select_cell(layout.cell(arguments.top).cell_index())
    layout.write(str(arguments.gds), options)
    box = layout.cell(arguments.top).dbbox()
    print(f"wrote {arguments.gds}: {layout.cells()} cells, {box.width():.2f} x {box.height():.2f} um")


if __name__ == "__main__":
    stream_out(parse_arguments())
