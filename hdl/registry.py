"""Where designs register themselves; `hdl.designs` sees to it that all have."""

from typing import TypeVar

from hdl.design import Design

DESIGNS: dict[str, Design] = {}

AnyDesign = TypeVar("AnyDesign", bound=Design)


def register(design: AnyDesign) -> AnyDesign:
    """Put `design` into the registry and return it; raises ValueError where its name is taken."""
    if design.name in DESIGNS:
        raise ValueError(f"two designs are called {design.name}")
    DESIGNS[design.name] = design
    return design
