"""The reproduction report from the committed results: `python flow/report.py`."""

import argparse
import sys
from collections.abc import Collection
from pathlib import Path

try:
    __import__("flow")  # before other packages: see there
    from rich.console import Console

    from flow.charts.picture import draw
    from flow.common.atomic_file import write_whole
    from flow.common.command_line import Parser, run_guarded
    from flow.common.places import IS_CHECKOUT, PROJECT_ROOT, REPORTS_DIR
    from flow.reproduction.context import report_contents
    from flow.reproduction.discussion import discussion
    from flow.reproduction.first_screen import first_screen, with_answer
    from flow.reproduction.layouts import draw_rows, layout_pages
    from flow.reproduction.page import FIRST_PAGE, as_html, as_markdown, split_pages
except ModuleNotFoundError as missing:
    sys.exit(
        f"report.py: error: {missing.name} is not installed: "
        "`make setup`, then `.venv/bin/python flow/report.py`"
    )


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="report.py", description=__doc__)
    parser.add_argument(
        "--reports",
        type=Path,
        default=REPORTS_DIR,
        metavar="DIR",
        help="folder with results/, where the report goes; default reports",
    )
    return parser.parse_args()


def report(arguments: argparse.Namespace) -> None:
    """Write reproduction.md and the pages behind it, their pictures in reproduction/, and reproduction.html.

    With the committed reports also the answer in the project's README.
    """
    reports: Path = arguments.reports
    contents = report_contents(reports)
    folder = reports / FIRST_PAGE
    folder.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for chart in contents.charts:
        path = folder / f"{chart.name}.svg"
        draw(chart, path)
        pictures[chart.name] = str(path.relative_to(reports))
    layouts = draw_rows(contents.routed, reports, folder)
    remove_others(
        folder, {reports / name for name in (*pictures.values(), *(row["picture"] for row in layouts))}
    )
    markdown = as_markdown(
        contents.context | {"layouts": layouts, "layout_pages": layout_pages(reports)}, pictures
    )
    pages = split_pages(markdown) | {
        f"{FIRST_PAGE}.html": as_html(markdown, contents.charts, reports),
        "reproduction_discussion.md": discussion(contents.context),
    }
    written = {reports / name: text for name, text in pages.items()}
    if IS_CHECKOUT and reports.resolve() == REPORTS_DIR:
        page = PROJECT_ROOT / "README.md"
        written[page] = with_answer(page.read_text(encoding="utf-8"), first_screen(contents.context))
    console = Console()
    for path, text in written.items():
        write_whole(path, text)
        console.print(f"report   {path}", highlight=False, soft_wrap=True)


def remove_others(folder: Path, drawn: Collection[Path]) -> None:
    """Remove the pictures of an earlier report that this one does not show."""
    for picture in folder.iterdir():
        if picture.suffix in (".svg", ".png") and picture not in drawn:
            picture.unlink()


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("report.py", lambda: report(arguments), Path("build") / "crash.log")


if __name__ == "__main__":
    main()
