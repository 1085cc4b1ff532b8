"""The places that the checks of a layout complain of, from KLayout's marker databases."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from klayout import db, rdb

from flow.common.errors import UserError
from flow.layout.placement import Box


@dataclass(frozen=True)
class Marker:
    """A place in um that breaks `rule`, and what the rule says."""

    rule: str
    says: str
    box_um: Box


def read_markers(path: Path) -> tuple[Marker, ...]:
    """Return the markers in the database `path`, in its order; raises UserError for a file that is none."""
    database: Any = rdb.ReportDatabase("markers")
    try:
        database.load(str(path))
    except RuntimeError as error:
        raise UserError(f"{path} is not a marker database: {str(error).splitlines()[0]}") from None
    return tuple(_markers(database))


def _markers(database: Any) -> Iterator[Marker]:
    for item in database.each_item():
        category = database.category_by_id(item.category_id())
        box = db.DBox()
        for value in item.each_value():
            for shape in (value.box(), value.polygon(), value.edge(), value.edge_pair(), value.path()):
                if shape is not None:
                    box += shape if isinstance(shape, db.DBox) else shape.bbox()
        if not box.empty():
            yield Marker(category.path(), category.description, (box.left, box.bottom, box.right, box.top))
