"""The record of a run: one schema for every depth, written as result.json."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from flow.common.atomic_file import write_whole
from flow.common.errors import UserError
from flow.common.numeric import is_infinite
from flow.record.former_names import by_group, design_name
from flow.record.recipes import TIMING
from pdk_configs.pdk import LayoutCells, Parasitics

SCHEMA_VERSION = 1
OptimisedCorners = Literal["typical", "all"]


def check_finite(values: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError for a value that is a number but not finite."""
    for name, value in values.items():
        if is_infinite(value):
            raise ValueError(f"{name} is {value!r}, no finite number")
    return values


class Record(BaseModel):
    """A part of the record: no unknown fields, no number that is not finite, no value that changes."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Metrics(Record):
    """What was measured; None where the run's depth does not give it.

    Cells and cell areas leave out fillers and well taps. Power is at the activity named by
    `power_activity`: `timed` (real data, the layout's delays, glitches included) once routed.
    `failed_checks` counts the sign-off checks that a routed layout failed. The worst slacks are over all
    paths of the corner; fmax is by the worst setup path.
    """

    cells: int | None = None
    registers: int | None = None
    cell_area_um2: float | None = None
    gate_equivalents: float | None = None
    power_activity: str | None = None
    power_internal_w: float | None = None
    power_switching_w: float | None = None
    power_leakage_w: float | None = None
    power_total_w: float | None = None
    setup_slack_ns: float | None = None
    hold_slack_ns: float | None = None
    fmax_mhz: float | None = None
    die_area_um2: float | None = None
    core_area_um2: float | None = None
    utilization_percent: float | None = None
    wire_length_um: float | None = None
    vias: int | None = None
    drc_errors: int | None = None
    max_slew_violations: int | None = None
    max_capacitance_violations: int | None = None
    failed_checks: int | None = None
    runtime_s: float | None = None


class Group(Record):
    """Cells and area of one group of instances, fillers and taps left out."""

    cells: int
    cell_area_um2: float


class Check(Record):
    """A sign-off check: pass, fail or not run, why in a line, and what it counted."""

    status: Literal["pass", "fail", "not run"] = "not run"
    detail: str = "the result is older than the check"
    figures: dict[str, int] = {}


NOT_REQUESTED = Check(detail="not asked for")


class Checks(Record):
    """The sign-off checks of a layout; a result from before there were any reads as not run.

    `layout_vs_netlist`: the routed DEF has every cell and connection that was synthesised.
    `logic_equivalence`: the netlist after layout computes what the Verilog says.
    `router_drc`: the detailed router left no violation of the design rules.
    `geometry_vs_netlist`: the shapes of the GDS join what the netlist after layout says, every cell in place.
    `design_rules`: those shapes keep the technology's rules of wires and cuts.
    `foundry_deck`: and those of a foundry's deck, where the run was given one.
    `magic_drc`: and the foundry's by Magic, with `--signoff full`.
    `transistor_lvs`: with it, the transistors in the GDS are those of the netlist.
    """

    layout_vs_netlist: Check = Check()
    logic_equivalence: Check = Check()
    router_drc: Check = Check()
    geometry_vs_netlist: Check = Check()
    design_rules: Check = Check()
    foundry_deck: Check = NOT_REQUESTED
    magic_drc: Check = NOT_REQUESTED
    transistor_lvs: Check = NOT_REQUESTED

    def named(self) -> dict[str, Check]:
        """Return the checks by name, in their order, without those that nobody asked for."""
        checks = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: check for name, check in checks.items() if check != NOT_REQUESTED}

    @property
    def failed(self) -> list[str]:
        """Names of those that failed."""
        return [name for name, check in self.named().items() if check.status == "fail"]


class Power(Record):
    """Power at one activity, with extracted parasitics; the groups are those of the areas.

    `annotated_percent` is the share of pins whose activity comes from the simulation.
    """

    internal_w: float
    switching_w: float
    leakage_w: float
    total_w: float
    annotated_percent: float
    energy_per_clock_j: float
    groups_w: Annotated[dict[str, float], AfterValidator(by_group)] = {}


class CornerFigures(Record):
    """The finished layout at one corner of the PDK, with the typical wires and at timed activity.

    `process` is that of the transistors, such as `ss`. The worst slacks are over all paths; `fmax_mhz` is by
    the worst setup path, as the run's.
    """

    process: str
    voltage_v: float
    temperature_c: float
    setup_slack_ns: float
    hold_slack_ns: float
    fmax_mhz: float
    power_internal_w: float
    power_switching_w: float
    power_leakage_w: float
    power_total_w: float

    @property
    def conditions(self) -> str:
        """Process, voltage and temperature in a few words."""
        return f"{self.process}, {self.voltage_v:g} V, {self.temperature_c:g} C"


class DesignSource(Record):
    """The file of a design of another's, without its folder, and the SHA-256 over what it is made of."""

    name: str
    sha256: str


class Result(Record):
    """One run, its inputs, its measurements and the SHA-256 of what it made.

    `target_utilization_percent` and `target_padding_sites` None: the PDK's own. `synthesis` is the recipe
    that mapped it. `parasitics` says whether those of the routed wires were extracted by rules or estimated
    from the technology LEF; `layout_cells` whether the GDS holds the cells' full layouts or their abstracts.
    `data_sha256` is of the numbers that the netlist computed on while its power was measured
    (`flow.attention_data.workload`).
    `git_branch` is the branch that the run was made on (`flow.record.checkout`). None where the run made
    none, or before they were kept.
    `design_source` None: the design is this project's.
    `optimised_corners` says at which corners the layout was to meet its clock; at `all` of them slacks and
    fmax of `metrics` are the worst corner's, and `worst_corners` names it by metric. `corners` holds a routed
    layout at each corner of which there is data, slow to fast; none before they were kept.
    `peak_memory_bytes` is the most that steps under way at one time took together; None before it was kept.
    """

    schema_version: int = SCHEMA_VERSION
    design: Annotated[str, AfterValidator(design_name)]
    design_source: DesignSource | None = None
    parameters: Annotated[dict[str, Any], AfterValidator(check_finite)]
    pdk: str
    node_nm: int
    library: str
    corner: str
    voltage_v: float
    temperature_c: float
    clock_ns: float
    seed: int = 0
    target_utilization_percent: float | None = None
    synthesis: str = TIMING
    target_padding_sites: int | None = None
    depth: str
    job: str
    nand2_cell: str
    nand2_area_um2: float
    metrics: Metrics
    groups: Annotated[dict[str, Group], AfterValidator(by_group)] = {}
    power: dict[str, Power] = {}
    optimised_corners: OptimisedCorners = "typical"
    worst_corners: dict[str, str] = {}
    corners: dict[str, CornerFigures] = {}
    simulated_clocks: int | None = None
    data_sha256: str | None = None
    parasitics: Parasitics | None = None
    layout_cells: LayoutCells | None = None
    checks: Checks = Checks()
    step_runtimes_s: dict[str, float] = {}
    peak_memory_bytes: int | None = None
    tool_versions: dict[str, str]
    git_revision: str | None
    git_dirty: bool | None
    git_branch: str | None = None
    finished_at: str
    sha256: dict[str, str]
    files: dict[str, str]


# Settings that go without saying where they are these: earlier runs, without them, keep their identity.
USUAL_SETTINGS: dict[str, Any] = {
    "target_utilization_percent": None,
    "optimised_corners": "typical",
    "synthesis": TIMING,
    "target_padding_sites": None,
}


def identity_of(result: Result) -> dict[str, Any]:
    """Return what tells the result's layout from another's, as `Settings.identity` of its run does."""
    names = ("design", "parameters", "pdk", "clock_ns", "seed")
    return {name: getattr(result, name) for name in names} | unusual(result)


def unusual(run: Any) -> dict[str, Any]:
    """Return the settings of USUAL_SETTINGS, of a result or of a run's settings, that are not as usual."""
    values = {name: getattr(run, name) for name in USUAL_SETTINGS}
    return {name: value for name, value in values.items() if value != USUAL_SETTINGS[name]}


def result_path(folder: Path, depth: str) -> Path:
    """Return where a run of `depth` keeps its result: a shallow run never replaces a whole one."""
    return folder / ("result.json" if depth == "gds" else f"result-{depth}.json")


def write_result(result: Result, path: Path) -> None:
    """Write `result` whole or not at all."""
    write_whole(path, text_of(result))


def text_of(result: Result) -> str:
    """Return what a result's file holds."""
    return result.model_dump_json(indent=2) + "\n"


def read_result(path: Path) -> Result:
    """Return the result in `path`; raises UserError for a file that is not one."""
    try:
        return Result.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not a result of this project: {first_fault(error)}") from None


def first_fault(error: Exception) -> str:
    """Return in a line what is wrong; of a record the first field that is."""
    if not isinstance(error, ValidationError):
        return str(error).splitlines()[0]
    fault = error.errors()[0]
    field = ".".join(map(str, fault["loc"]))
    reason = str(fault["msg"]).removeprefix("Value error, ")
    return f"{field}: {reason}" if field else reason
