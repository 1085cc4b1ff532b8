"""Names that results of earlier revisions carry: read as what they are called today."""

from collections.abc import Mapping
from typing import TypeVar

from hdl.known_names import FORMER_DESIGNS, FORMER_GROUPS

Value = TypeVar("Value")


def design_name(name: str) -> str:
    """Return today's name of a design."""
    return FORMER_DESIGNS.get(name, name)


def group_name(name: str) -> str:
    """Return today's name of a group."""
    return FORMER_GROUPS.get(name, name)


def by_group(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return `values` under today's names of their groups, in their order."""
    return {group_name(name): value for name, value in values.items()}
