"""Read the delays of a layout from SDF as OpenROAD's `write_sdf` writes it.

Of a triple min:typ:max the typical value counts, or the mean of the other two.
"""

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from flow.formats.liberty import read_text

_STATEMENT = re.compile(
    r"\(INSTANCE\s*(?P<instance>[^()\s]*)\s*\)"
    r"|(?:\(COND\s+(?P<condition>(?:(?!\(IOPATH).)*?)\s*)?\(IOPATH\s+(?P<input>\w+|\(\w+\s+\w+\))\s+(?P<output>\S+)\s+"
    r"(?P<delays>(?:\([^()]*\)\s*)+)\)"
    r"|\(INTERCONNECT\s+\S+\s+(?P<load>\S+)\s+(?P<wire>(?:\([^()]*\)\s*)+)\)",
    re.DOTALL,
)
_TIMESCALE = re.compile(r"\(TIMESCALE\s+(\d+)(?:\.0*)?\s*([munpf]s)\)")
_UNIT_NS = {"us": 1e3, "ns": 1.0, "ps": 1e-3, "fs": 1e-6}
_VALUE = re.compile(r"\(([^()]*)\)")
_COMPARISON = re.compile(r"(\w+)\s*={2,3}\s*1'b([01])")


@dataclass(frozen=True)
class Arc:
    """Delay from pin `start` to pin `end` of one instance, where `condition` holds ("": always).

    The condition is in Liberty's syntax, over the instance's input pins.
    """

    start: str
    end: str
    rise_ns: float
    fall_ns: float
    condition: str = ""


@dataclass(frozen=True)
class Delays:
    """Delays by instance path ("a/b/c"), and of the wire to each load pin ("a/b/c/A"): (rise, fall) in ns."""

    arcs: dict[str, tuple[Arc, ...]]
    wires_ns: dict[str, tuple[float, float]]


def _value(text: str) -> float | None:
    parts = [float(part) if part.strip() else None for part in text.split(":")]
    if not all(part is None or math.isfinite(part) for part in parts):
        raise ValueError(f"a delay of {text} in the SDF")
    if len(parts) == 3 and parts[1] is None:
        limits = [part for part in parts if part is not None]
        return sum(limits) / len(limits) if limits else None
    return parts[1] if len(parts) == 3 else parts[0]


def _rise_fall(text: str, unit_ns: float) -> tuple[float, float] | None:
    """Return rise and fall of `(rise) (fall)` or `(both)` in ns; an empty one takes the other's value."""
    values = [_value(part) for part in _VALUE.findall(text)]
    rise, fall = (values[0], values[0]) if len(values) == 1 else values[:2]
    if rise is None and fall is None:
        return None
    known = rise if rise is not None else fall
    assert known is not None
    return (rise if rise is not None else known) * unit_ns, (fall if fall is not None else known) * unit_ns


def _liberty_condition(text: str) -> str:
    """Return an SDF condition such as `(A == 1'b1) && (B == 1'b0)` in Liberty's syntax."""
    terms = _COMPARISON.sub(lambda match: match[1] if match[2] == "1" else f"!{match[1]}", text)
    return terms.replace("&&", "&").replace("||", "|").replace("~", "!").strip()


def read_sdf(path: Path) -> Delays:
    """Read an SDF file, plain or gzip; timing checks are left out.

    Raises OSError, or ValueError for a file that is truncated or no SDF.
    """
    text = read_text(path)
    if not text.lstrip().startswith("(DELAYFILE") or text.count("(") != text.count(")"):
        raise ValueError(f"{path}: truncated, or not an SDF file")
    scale = _TIMESCALE.search(text)
    unit_ns = int(scale[1]) * _UNIT_NS[scale[2]] if scale else 1.0
    arcs: dict[str, list[Arc]] = defaultdict(list)
    wires_ns: dict[str, tuple[float, float]] = {}
    instance = ""
    for match in _STATEMENT.finditer(text):
        if match["input"]:
            delays = _rise_fall(match["delays"], unit_ns)
            if delays is not None:
                start = match["input"].strip("()").split()[-1]
                condition = _liberty_condition(match["condition"] or "")
                arcs[instance].append(Arc(start, match["output"].replace("\\", ""), *delays, condition))
        elif match["load"]:
            delays = _rise_fall(match["wire"], unit_ns)
            if delays is not None:
                wires_ns[match["load"].replace("\\", "")] = delays
        else:
            instance = match["instance"].replace("\\", "")
    return Delays({name: tuple(of_instance) for name, of_instance in arcs.items()}, wires_ns)
