"""Look at a layout: `python flow/view.py build/<design>/<job> --png`."""

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console
    from rich.table import Table

    from flow.common.command_line import Parser, names, run_guarded
    from flow.common.decimals import quantity
    from flow.common.errors import UserError
    from flow.common.processes import supervised
    from flow.formats.def_file import DefFile, read_def
    from flow.layout.difference import labels_of, layout_difference
    from flow.layout.drawn import DrawnLayout
    from flow.layout.inspector.collect import collect
    from flow.layout.inspector.page import ShownRun, page_of, write_page
    from flow.layout.layer_colours import layer_colours, layer_file
    from flow.layout.opened import OpenedLayout, open_layout
    from flow.layout.palette import THEMES
    from flow.layout.picture import draw_layouts
    from flow.layout.placement import Box
    from flow.layout.statistics import path_points_um, statistics
    from flow.layout.web import LayoutServer
    from flow.layout.window import check_window, picture_size_px, widened
    from flow.record.provenance import sha256
    from flow.record.settings import nearest
    from hdl.known_names import FORMER_GROUPS
except ModuleNotFoundError as missing:
    sys.exit(
        f"view.py: error: {missing.name} is not installed: `make setup`, then `.venv/bin/python flow/view.py`"
    )

PICTURE_PX = 1600  # the longer side
EXAMPLES = """examples:
  python flow/view.py build/expmul/JOB --png                          the die, cells coloured by group
  python flow/view.py build/expmul/JOB --png --window 10,10,30,25     a part of it, in um
  python flow/view.py build/fa2_expmul/JOB --png --highlight weigh    one group among all
  python flow/view.py build/fa2_expmul/JOB --stats                    numbers, and the worst path drawn
  python flow/view.py RUN --diff RUN2                                 two layouts at one scale, in numbers
  python flow/view.py build/expmul/JOB --png --layers metal2,metal3   wires of the GDS
  python flow/view.py build/expmul/JOB --html layout.html             look inside: one file for a browser
  python flow/view.py build/expmul/JOB --web                          the same page, with the GDS behind it
  python flow/view.py RUN --diff RUN2 --html pair.html                look inside both, linked at one scale
  python flow/view.py build/expmul/JOB --gui                          KLayout with the PDK's layers
"""


def window(text: str) -> Box:
    """Return the box `x0,y0,x1,y1`."""
    words = text.split(",")
    if len(words) != 4:
        raise argparse.ArgumentTypeError(f"{text[:40]!r} is not X0,Y0,X1,Y1")
    x0, y0, x1, y1 = (quantity(word) for word in words)
    if not (x0 < x1 and y0 < y1):
        raise argparse.ArgumentTypeError(f"{text[:40]} is empty: left and bottom first")
    return x0, y0, x1, y1


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="view.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="a run's folder, or one of reports/results/ with its placement"
    )
    parser.add_argument("--png", action="store_true", help="draw the layout to layout.png")
    parser.add_argument(
        "--stats", action="store_true", help="numbers to stats.json, the worst path to worst_path.png"
    )
    parser.add_argument(
        "--diff",
        type=Path,
        metavar="RUN2",
        help="RUN2 beside it: what differs in numbers, difference.png, and both linked in --html and --web",
    )
    parser.add_argument(
        "--html",
        type=Path,
        metavar="FILE",
        help="cells, nets, power and timing to look into: one page, no network",
    )
    parser.add_argument(
        "--web", action="store_true", help="that page in a browser on this machine, with the GDS behind it"
    )
    parser.add_argument("--port", type=int, default=0, metavar="N", help="of --web; default: a free one")
    parser.add_argument(
        "--layers",
        type=names,
        metavar="NAME,...",
        help="for --png: the GDS on these layers, or `all`",
    )
    parser.add_argument("--gui", action="store_true", help="open the GDS in KLayout, where it is installed")
    parser.add_argument("--pdk-root", type=Path, metavar="DIR", help="folder that holds `lambdapdk`")
    parser.add_argument(
        "--window", type=window, metavar="X0,Y0,X1,Y1", help="part of the die in um; default: all of it"
    )
    parser.add_argument("--highlight", metavar="GROUP", help="show one group in colour, the others pale")
    parser.add_argument("--theme", choices=THEMES, default="light", help="of pictures; default light")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the folder `view` in RUN")
    return parser.parse_args()


def window_in(die_um: Box, window_um: Box | None) -> Box:
    """Return the window, the die without one; raises UserError for a window that shows nothing of it."""
    if window_um is None:
        return die_um
    try:
        check_window(window_um, die_um)
    except ValueError as error:
        raise UserError(f"--{error}") from None
    return window_um


def check_group(layout: OpenedLayout, group: str | None) -> None:
    """Raise UserError for a group that the layout does not have."""
    if group is not None and group not in layout.placement.groups:
        raise nearest("group", group, layout.placement.groups, FORMER_GROUPS)


def show_statistics(layout: OpenedLayout, out: Path, theme: str, console: Console) -> None:
    """Write and print the layout's numbers, and draw the worst path over the cells."""
    routed = read_layout(layout)
    numbers = statistics(layout, routed)
    path = out / "stats.json"
    path.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    for title in ("area_um2_by_group", "wire_length_um_by_layer", "vias_by_lower_layer", "longest_nets_um"):
        table = Table(title=title.replace("_", " "), show_header=False)
        for name, value in numbers[title].items():
            table.add_row(name, f"{value:,}")
        console.print(table)
    console.print(f"numbers  {path}", highlight=False, soft_wrap=True)
    if numbers["worst_path"]:
        picture = out / "worst_path.png"
        panel = replace(layout.panel, path_um=path_points_um(numbers["worst_path"], routed))
        draw_layouts([panel], picture, theme=theme)
        console.print(f"picture  {picture}", highlight=False, soft_wrap=True)


def read_layout(layout: OpenedLayout) -> DefFile:
    """Return the run's routed DEF; raises UserError where it is not one."""
    path = layout.file("layout")
    try:
        return read_def(path)
    except ValueError as error:
        raise UserError(str(error)) from None


def show_difference(
    layout: OpenedLayout, other: OpenedLayout, out: Path, theme: str, console: Console
) -> None:
    """Draw two layouts at one scale and print what differs in numbers."""
    path = out / "difference.png"
    draw_layouts([layout.panel, other.panel], path, theme=theme)
    for section in layout_difference(layout, other):
        table = Table("", *labels_of(layout, other), "difference", "", title=section.title)
        for column in table.columns[1:]:
            column.justify = "right"
        for row in section.rows:
            table.add_row(row.title, *row.texts)
        console.print(table)
    console.print(f"picture  {path}", highlight=False, soft_wrap=True)


def gds_of(layout: OpenedLayout) -> Path:
    """Return the run's GDS; raises UserError for one that is not of this run."""
    gds = layout.file("gds")
    if sha256(gds) != layout.result.sha256.get("gds"):
        raise UserError(f"{gds} is another layout than that of the result beside it ({layout.result.pdk})")
    return gds


def open_in_klayout(layout: OpenedLayout, pdk_root: Path | None) -> None:
    """Start KLayout on the GDS with the PDK's layer file; raises UserError where it is not installed."""
    program = shutil.which("klayout")
    if program is None:
        raise UserError("--gui needs the program `klayout` on PATH (Debian's package klayout)")
    layers = layer_file(layout.result.pdk, pdk_root)
    command = [program, str(gds_of(layout)), *(["-l", str(layers)] if layers else [])]
    subprocess.run(supervised(command), check=False)


def draw_layers(layout: OpenedLayout, arguments: argparse.Namespace, path: Path) -> None:
    """Draw the GDS's own shapes on the named layers, or on all."""
    drawn = DrawnLayout(gds_of(layout), layer_file(layout.result.pdk, arguments.pdk_root))
    drawn.show(drawn.layers if arguments.layers == ["all"] else arguments.layers)
    window_um = widened(window_in(drawn.die_um, arguments.window))
    path.write_bytes(drawn.picture(window_um, *picture_size_px(window_um, PICTURE_PX)))


def shown_runs(layouts: Sequence[OpenedLayout], pdk_root: Path | None) -> list[ShownRun]:
    """Return the runs as the page to look into shows them."""
    labels = labels_of(*layouts) if len(layouts) > 1 else [layouts[0].result.design]
    return [
        ShownRun(collect(layout, pdk_root), layer_colours(layer_file(layout.result.pdk, pdk_root)), label)
        for layout, label in zip(layouts, labels, strict=True)
    ]


def write_inspector(layouts: Sequence[OpenedLayout], arguments: argparse.Namespace, console: Console) -> None:
    """Write the run, or both, as a page to look into."""
    runs = shown_runs(layouts, arguments.pdk_root)
    arguments.html.parent.mkdir(parents=True, exist_ok=True)
    write_page(arguments.html, runs, layout_difference(*layouts) if len(layouts) > 1 else ())
    size_mb = arguments.html.stat().st_size / 1e6
    console.print(f"page     {arguments.html} ({size_mb:.1f} MB)", highlight=False, soft_wrap=True)


def serve(layouts: Sequence[OpenedLayout], arguments: argparse.Namespace, console: Console) -> None:
    """Show the page to look into in the browser until Ctrl-C."""
    drawn = [
        DrawnLayout(gds_of(layout), layer_file(layout.result.pdk, arguments.pdk_root)) for layout in layouts
    ]
    difference = layout_difference(*layouts) if len(layouts) > 1 else ()
    page = page_of(shown_runs(layouts, arguments.pdk_root), difference, live=True)
    with LayoutServer(drawn, page, arguments.port) as server:
        console.print(
            f"layout   {server.address} (this machine only; Ctrl-C ends it)", highlight=False, soft_wrap=True
        )
        with suppress(KeyboardInterrupt):
            server.serve_forever()


def view(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    console = Console()
    asked = (arguments.png, arguments.stats, arguments.diff, arguments.html, arguments.web, arguments.gui)
    if not any(asked):
        raise UserError("nothing to do: name --png, --stats, --diff RUN2, --html FILE, --web or --gui")
    for name in ("window", "layers", "highlight"):
        if getattr(arguments, name) is not None and not arguments.png:
            raise UserError(f"--{name} is for --png")
    if arguments.layers and arguments.highlight is not None:
        raise UserError("--highlight is of the cells, --layers of the GDS: take one of them")
    layout = open_layout(arguments.run)
    check_group(layout, arguments.highlight)
    other = open_layout(arguments.diff) if arguments.diff else None
    layouts = [layout] if other is None else [layout, other]
    out = arguments.out or arguments.run / "view"
    out.mkdir(parents=True, exist_ok=True)
    if arguments.png:
        path = out / "layout.png"
        if arguments.layers:
            draw_layers(layout, arguments, path)
        else:
            draw_layouts(
                [layout.panel],
                path,
                theme=arguments.theme,
                highlight=arguments.highlight,
                window_um=window_in(layout.placement.die_um, arguments.window),
            )
        console.print(f"picture  {path}", highlight=False, soft_wrap=True)
    if arguments.stats:
        show_statistics(layout, out, arguments.theme, console)
    if other is not None:
        show_difference(layout, other, out, arguments.theme, console)
    if arguments.html:
        write_inspector(layouts, arguments, console)
    if arguments.web:
        serve(layouts, arguments, console)
    if arguments.gui:
        open_in_klayout(layout, arguments.pdk_root)


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("view.py", lambda: view(arguments), (arguments.out or Path("build")) / "crash.log")


if __name__ == "__main__":
    main()
