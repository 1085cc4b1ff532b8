"""The foundry's design rules by Magic on the delivered GDS."""

import tempfile
from collections import Counter
from pathlib import Path

from klayout import db, rdb

from flow.record.result import Check
from flow.signoff.magic import MagicLayout, run_magic
from flow.signoff.verdict import failed, verdict_of
from flow.tools.layout_programs import ScriptProgram

SCRIPT = Path(__file__).with_name("magic_rules.tcl")


def check_magic_rules(program: ScriptProgram, layout: MagicLayout, style: str, database: Path) -> Check:
    """Return whether the GDS keeps the technology's rules of `style`.

    The places that do not are in `database`, which is a report database in any case. A run of Magic that
    does not come to its end fails.
    """
    markers = rdb.ReportDatabase(layout.top)
    cell = markers.create_cell(layout.top)
    try:
        with tempfile.TemporaryDirectory(dir=".") as temporary:
            places = Path(temporary) / "places.txt"
            values = {"EXPMUL_STYLE": style, "EXPMUL_PLACES": str(places.resolve())}
            not_taken = run_magic(program, SCRIPT, layout, Path(temporary), places, **values)
            broken = read_places(places, markers, cell)
    except (OSError, ValueError) as error:
        return failed(error)
    finally:
        markers.save(str(database))
    lines = f"; Magic does not take {not_taken} lines of it" if not_taken else ""
    differences = [f"{rule} is broken {count:,} x" for rule, count in sorted(broken.items())]
    passed = f"{style} of {layout.technology.told} kept{lines}"
    return verdict_of(differences, passed, dict(sorted(broken.items())))


def read_places(path: Path, markers: rdb.ReportDatabase, cell: rdb.RdbCell) -> Counter[str]:
    """Return how often each rule is broken; the places, (left, bottom, right, top) in um, go to `markers`."""
    broken: Counter[str] = Counter()
    categories: dict[str, rdb.RdbCategory] = {}
    for line in sorted(set(path.read_text(encoding="utf-8").splitlines())):
        *edges, rule = line.split(" ", 4)
        if rule not in categories:
            categories[rule] = markers.create_category(rule)
        item = markers.create_item(cell.rdb_id(), categories[rule].rdb_id())
        item.add_value(rdb.RdbItemValue(db.DBox(*map(float, edges))))
        broken[rule] += 1
    return broken
