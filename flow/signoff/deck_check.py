"""A foundry's deck of design rules, run by the KLayout program on the delivered GDS."""

from pathlib import Path

from klayout import rdb

from flow.common.processes import captured
from flow.record.result import Check
from flow.signoff.verdict import failed, verdict_of
from flow.tools.klayout_program import KlayoutProgram

# The names by which decks know the layout, where the markers go, and the top cell.
GDS_VARIABLES = ("in_gds", "input")
REPORT_VARIABLES = ("report_file", "report")
TOP_VARIABLES = ("topcell", "top_cell")
LINES_OF_AN_ERROR = "ERROR: "


def check_deck(program: KlayoutProgram, deck: Path, gds: Path, top: str, database: Path) -> Check:
    """Return whether the GDS keeps the deck's rules, and leave the places that do not in `database`.

    `database` is a report database in any case. A deck that does not run to its end fails, and so does one
    that leaves no report. What the deck prints is printed.
    """
    command = [str(program.path), "-b"]
    values = {GDS_VARIABLES: gds.resolve(), REPORT_VARIABLES: database.resolve(), TOP_VARIABLES: top}
    for names, value in values.items():
        for name in names:
            command += ["-rd", f"{name}={value}"]
    database.unlink(missing_ok=True)
    done = captured([*command, "-r", str(deck)], env=program.environment)
    print(done.stdout, done.stderr, sep="\n")
    try:
        if done.returncode:
            raise ValueError(f"{deck.name} does not run: {cause_of(done.stderr, done.returncode)}")
        return verdict_on(database, deck)
    except ValueError as error:
        rdb.ReportDatabase(top).save(str(database))
        return failed(error)


def cause_of(errors: str, code: int) -> str:
    """Return KLayout's first error, else its last line, else the exit code."""
    lines = errors.strip().splitlines() or [f"exit code {code}"]
    marked = (line.removeprefix(LINES_OF_AN_ERROR) for line in lines if line.startswith(LINES_OF_AN_ERROR))
    return next(marked, lines[-1])


def verdict_on(database: Path, deck: Path) -> Check:
    """Return what the deck's report says. Raises ValueError where there is none, or none of any rule."""
    markers = rdb.ReportDatabase(deck.name)
    try:
        markers.load(str(database))
    except RuntimeError:
        raise ValueError(f"{deck.name} has left no report: it has to write to $report_file") from None
    rules = list(markers.each_category())
    if not rules:
        raise ValueError(f"{deck.name} has checked no rule")
    broken = {rule.name(): rule.num_items() for rule in rules if rule.num_items()}
    told = {rule.name(): f" ({rule.description})" if rule.description else "" for rule in rules}
    differences = [f"{name}{told[name]} is broken {count:,} x" for name, count in sorted(broken.items())]
    passed = f"{len(rules)} rules of {deck.name} kept"
    return verdict_of(differences, passed, {"rules": len(rules)} | dict(sorted(broken.items())))
