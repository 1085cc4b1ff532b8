"""The result of the design that another one is compared with."""

from pathlib import Path

from flow.common.errors import UserError
from flow.record.result import Result, identity_of, read_result, result_path
from flow.record.settings import Settings


def find_sibling(settings: Settings, sibling: str | None) -> Result | None:
    """Return the result of the design `sibling` with the same settings, where it has been run."""
    if sibling is None:
        return None
    for path in sorted(settings.build_dir.glob(f"{sibling}/*/{result_path(Path(), settings.depth).name}")):
        try:
            result = read_result(path)
        except UserError:
            continue  # left by another version of this project: nothing to compare with
        common = result.parameters.keys() & settings.parameters.keys()
        as_here = {
            "design": settings.design.name,
            "parameters": settings.parameters | {name: result.parameters[name] for name in common},
        }
        if identity_of(result) | as_here == settings.identity():
            return result
    return None
