"""Look at a layout: `python flow/view.py build/<design>/<job> --png`."""

import argparse
import sys
from pathlib import Path

try:
    from rich.console import Console

    from flow.command_line import Parser, run_guarded
    from flow.errors import UserError
    from flow.layout.opened import OpenedLayout, open_layout
    from flow.layout.palette import THEMES
    from flow.layout.picture import draw_layouts
    from flow.layout.placement import Box
except ModuleNotFoundError as missing:
    sys.exit(
        f"view.py: error: {missing.name} is not installed: `make setup`, then `.venv/bin/python flow/view.py`"
    )

EXAMPLES = """examples:
  python flow/view.py build/expmul/JOB --png                          the die, cells coloured by group
  python flow/view.py build/expmul/JOB --png --window 10,10,30,25     a part of it, in um
  python flow/view.py build/fa2_expmul/JOB --png --highlight exp_mul  one group among all
"""


def window(text: str) -> Box:
    """Return the box `x0,y0,x1,y1`."""
    x0, y0, x1, y1 = (float(word) for word in text.split(","))
    if not (x0 < x1 and y0 < y1):
        raise ValueError
    return x0, y0, x1, y1


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="view.py", description=__doc__, epilog=EXAMPLES)
    parser.add_argument(
        "run", type=Path, metavar="RUN", help="a run's folder, or one of reports/results/ with its placement"
    )
    parser.add_argument("--png", action="store_true", help="draw the layout to layout.png")
    parser.add_argument(
        "--window", type=window, metavar="X0,Y0,X1,Y1", help="part of the die in um; default: all of it"
    )
    parser.add_argument("--highlight", metavar="GROUP", help="show one group in colour, the others pale")
    parser.add_argument("--theme", choices=THEMES, default="light", help="of pictures; default light")
    parser.add_argument("--out", type=Path, metavar="DIR", help="default: the folder `view` in RUN")
    return parser.parse_args()


def check_group(layout: OpenedLayout, group: str | None) -> None:
    """Raise UserError for a group that the layout does not have."""
    if group is not None and group not in layout.placement.groups:
        raise UserError(f"no group '{group}': there are {', '.join(layout.placement.groups)}")


def view(arguments: argparse.Namespace) -> None:
    """Do what the command line says."""
    console = Console()
    layout = open_layout(arguments.run)
    check_group(layout, arguments.highlight)
    out = arguments.out or arguments.run / "view"
    out.mkdir(parents=True, exist_ok=True)
    if arguments.png:
        path = out / "layout.png"
        draw_layouts(
            [layout.panel],
            path,
            theme=arguments.theme,
            highlight=arguments.highlight,
            window_um=arguments.window,
        )
        console.print(f"picture  {path}", highlight=False, soft_wrap=True)


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("view.py", lambda: view(arguments), (arguments.out or Path("build")) / "crash.log")


if __name__ == "__main__":
    main()
