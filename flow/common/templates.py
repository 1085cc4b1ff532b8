"""The templates of this project's pages: one way to open them."""

from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined


def open_template(name: str, *packages: str, escape: bool = False, **filters: Any) -> Any:
    """Return the template `name` of the first of `packages` that has it; it may include those of all.

    A name that a page does not get is an error. `escape` is for HTML; `filters` are the page's own.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package, ".") for package in packages]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=escape,
    )
    environment.filters.update(filters)
    return environment.get_template(name)
