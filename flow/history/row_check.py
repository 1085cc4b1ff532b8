"""What a row of the history has to be, checked before it is stored and when it is read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from flow.common.numeric import is_number
from flow.history.database import moment
from flow.record.depths import DEPTH_NAMES

INTEGER_MAX = 2**31 - 1  # of a database's integers
TEXT_METRICS = ("power_activity",)
# What a field has to be, by the kind of fault that pydantic finds in it.
KINDS = {
    "string_type": "text",
    "int_type": "whole number",
    "int_from_float": "whole number",
    "float_type": "number",
    "finite_number": "finite number",
    "bool_type": "true or false",
    "dict_type": "object",
}


@dataclass(frozen=True)
class NoNumber:
    """What a file has in the place of a number, as its text."""

    word: str

    def __repr__(self) -> str:
        """Return the text."""
        return self.word


def check_date(text: str) -> str:
    """Raise ValueError unless `text` is an ISO date."""
    try:
        moment(text)
    except (ValueError, OverflowError):
        raise ValueError(f"{text[:80]!r} is no date") from None
    return text


def check_metrics(metrics: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError for a metric that is no finite number; None is a missing one."""
    for name, value in metrics.items():
        if value is not None and not (isinstance(value, str) if name in TEXT_METRICS else is_number(value)):
            raise ValueError(f"{name} is {shown(value)}, no finite number")
    return metrics


def check_depth(name: str) -> str:
    """Raise ValueError unless a run can go as deep as `name`."""
    if name not in DEPTH_NAMES:
        raise ValueError(f"{name[:80]!r} is no depth: there are {', '.join(DEPTH_NAMES)}")
    return name


Date = Annotated[str, AfterValidator(check_date)]
Named = Annotated[str, Field(min_length=1)]


class Row(BaseModel):
    """A row's fields, none converted; what else a line of an import holds is passed over."""

    model_config = ConfigDict(strict=True, allow_inf_nan=False)

    identity: Named
    configuration: Named
    fingerprint: Named
    revision: str | None = None
    branch: str | None = None
    committed_at: Date | None = None
    subject: str | None = None
    dirty: bool | None = None
    finished_at: Date
    host: str | None = None
    design: Named
    parameters: dict[str, str | bool | int | float]
    pdk: Named
    depth: Annotated[str, AfterValidator(check_depth)]
    clock_ns: Annotated[float, Field(gt=0)]
    seed: Annotated[int, Field(ge=0, le=INTEGER_MAX)]
    target_utilization_percent: float | None = None
    optimised_corners: str | None = None
    synthesis: str | None = None
    target_padding_sites: Annotated[int, Field(ge=0, le=INTEGER_MAX)] | None = None
    tool_versions: dict[str, str]
    metrics: Annotated[dict[str, Any], AfterValidator(check_metrics)]
    group_areas_um2: dict[str, float] | None = None
    artefacts_sha256: dict[str, str]
    layout: str | None = None
    set_aside: str | None = None
    finding: str | None = None


def shown(value: Any) -> str:
    """Return a value as a file has it, cut short."""
    return json.dumps(value, default=repr)[:40] if not isinstance(value, NoNumber) else repr(value)


def told(error: ValidationError) -> str:
    """Return in a line the first field that is wrong, what it is and what it has to be."""
    fault = error.errors()[0]
    field, value = ".".join(map(str, fault["loc"])), fault["input"]
    if fault["type"] == "missing" or (value is None and len(fault["loc"]) == 1):
        return f"no {field}"
    if isinstance(value, NoNumber):
        return f"{field}: {value} is no number"
    if fault["type"] in KINDS:
        return f"{field} is {shown(value)}, which is no {KINDS[fault['type']]}"
    return f"{field}: {str(fault['msg']).removeprefix('Value error, ')}"


def fault_of(row: Mapping[str, Any]) -> str | None:
    """Return in a line the first field of `row` that is wrong and why, None where all is well."""
    try:
        Row.model_validate(dict(row))
        json.dumps(dict(row), ensure_ascii=False, default=str).encode()
    except ValidationError as error:
        return told(error)
    except UnicodeEncodeError:
        return "text that is not Unicode"
    return None
