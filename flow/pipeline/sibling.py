"""The result of the design that another one is compared with."""

from pathlib import Path

from flow.common.errors import UserError
from flow.record.result import Result, identity_of, read_result, result_path
from flow.record.settings import Settings
from hdl.designs import DESIGNS


def find_sibling(settings: Settings, sibling: str | None) -> Result | None:
    """Return the result of the design `sibling` with the same settings, where it has been run."""
    if sibling is None:
        return None
    for path in sorted(settings.build_dir.glob(f"{sibling}/*/{result_path(Path(), settings.depth).name}")):
        try:
            result = read_result(path)
        except UserError:
            continue  # left by another version of this project: nothing to compare with
        as_here = {"design": settings.design.name, "parameters": settings.parameters}
        if has_same_parameters(result, settings) and identity_of(result) | as_here == settings.identity():
            return result
    return None


def has_same_parameters(result: Result, settings: Settings) -> bool:
    """Return whether the parameters that both designs have are the same, said or not.

    Those that the other design alone has are its defaults: a baseline in another frame is another baseline.
    """
    sibling = DESIGNS[result.design]
    try:
        here = settings.design.make_parameters(settings.parameters)
        there = sibling.make_parameters(result.parameters)
        common = set(settings.design.parameter_names) & set(sibling.parameter_names)
        wanted = sibling.make_parameters({name: getattr(here, name) for name in common})
    except ValueError:
        return False  # made by another version of this project, or what the other cannot have
    return there == wanted
