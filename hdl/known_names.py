"""What a name that is not known may have meant: what it was renamed to, or the nearest one that is known."""

import difflib
from collections.abc import Iterable, Mapping

# What designs and groups were called before, in results of earlier revisions and in what users remember.
FORMER_DESIGNS = {"exp_mul": "separate_exp_mul"}
FORMER_GROUPS = {"exp_mul": "weigh"}
LIKENESS_MIN = 0.5  # as difflib measures it, 0 to 1


def unknown_name(kind: str, name: str, known: Iterable[str], former: Mapping[str, str] | None = None) -> str:
    """Return the line on a name that is not known; `former` has today's names of those that are gone."""
    names = list(known)
    today = (former or {}).get(name)
    if today in names:
        return f"{kind} '{name}' is called {today} now"
    return f"unknown {kind} '{name}': {nearest_of(name, names)}"


def nearest_of(name: str, known: Iterable[str]) -> str:
    """Return the nearest of the known names as a question, or all of them where none is near."""
    names = list(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=LIKENESS_MIN)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"there are {', '.join(names)}" if names else "there are none"
