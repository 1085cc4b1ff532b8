"""One run, from its settings to its result: what run.py and every sweep over designs call."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from flow.attention_data.workload import has_workload
from flow.common.atomic_file import write_whole
from flow.common.errors import StepError, UserError
from flow.common.failure_cause import setup_cause, step_cause
from flow.common.lock import locked
from flow.common.processes import ended_by
from flow.pipeline.corners import add_scenarios, liberty_at_corners
from flow.pipeline.deliver import deliver
from flow.pipeline.measure_checks import measure_checks
from flow.pipeline.measure_corners import measure_corners, worst_corners
from flow.pipeline.measure_layout import (
    measure_layout,
    measure_netlist,
    peak_memory_bytes,
    step_runtimes_s,
)
from flow.pipeline.measure_power import headline_power, measure_power, read_simulation
from flow.pipeline.progress import StepLines
from flow.pipeline.project import make_project
from flow.pipeline.retime import STEP as RETIMING
from flow.pipeline.retime import retime
from flow.pipeline.run_needs import needs_of
from flow.pipeline.step_digests import library_files
from flow.pipeline.step_scheduler import LOCAL, SLURM, use_slurm
from flow.pipeline.up_to_date import keep_record, made_of
from flow.record.checkout import branch_of, git_state
from flow.record.depths import METRIC_STEPS, POWER_DEPTHS
from flow.record.outside_sources import design_source
from flow.record.provenance import package_versions, sha256
from flow.record.result import (
    CornerFigures,
    Group,
    Metrics,
    Power,
    Result,
    result_path,
    write_result,
)
from flow.record.run_folder import INDEX, job_log, step_log
from flow.record.settings import Settings
from flow.tools.klayout_program import find_klayout
from flow.tools.openroad_runtime import use_openroad
from flow.tools.pdk_data import find_data_root
from flow.tools.surroundings import check_path, check_surroundings
from hdl.simulation import SimulationError, find_compiler


def execute(
    settings: Settings, console: Console, pdk_root: Path | None = None, scheduler: str = LOCAL
) -> Result:
    """Run the flow for `settings`, going on from what an earlier run left, and return its result.

    Steps are made by `scheduler` and show on `console`. Raises UserError for what the user has to mend and
    StepError for a step that failed; the results of earlier runs stay.
    """
    check_surroundings(settings.build_dir, pdk_root)
    data_root = find_data_root(settings.pdk, pdk_root)
    if data_root is not None:
        check_path("the PDK's folder", data_root)
    if settings.depth in METRIC_STEPS:
        use_openroad(lambda line: console.print(line, highlight=False))
    if settings.depth in POWER_DEPTHS:
        check_compiler()
    if settings.drc_deck is not None:
        find_klayout()
    settings.folder.mkdir(parents=True, exist_ok=True)
    with hold_folder(settings):
        check_folder(settings)
        project = make_project(settings, data_root)
        add_scenarios(project, settings)
        if scheduler == SLURM:
            use_slurm(project, settings, needs_of(settings))
        made = made_of(settings, data_root, library_files(project))
        history = run_project(project, settings, console)
        # A corner's figures are timing and power: without data there is none.
        with_power = settings.depth in POWER_DEPTHS and has_workload(settings.design)
        liberty = liberty_at_corners(project, settings) if with_power else {}
        retimed_s = retime(settings, liberty) if len(liberty) > 1 else None
        result = collect(settings, history, deliver(settings), retimed_s)
        write_result(result, result_path(settings.folder, settings.depth))
        keep_record(settings, made, result)
    return result


def check_compiler() -> None:
    """Raise UserError where the simulations, the last steps of a long run, would find no compiler."""
    try:
        find_compiler()
    except SimulationError as error:
        raise UserError(str(error)) from None


@contextmanager
def hold_folder(settings: Settings) -> Iterator[None]:
    """Keep other runs out of the job's folder; raises UserError where one is at work."""
    with ExitStack() as stack:
        try:
            stack.enter_context(locked(settings.folder / "lock", wait=False))
        except BlockingIOError:
            raise UserError(
                f"another run is at work in {settings.folder}: wait for it, or name another --job"
            ) from None
        yield


def check_folder(settings: Settings) -> None:
    """Raise UserError where the job's folder belongs to other settings; they would be lost."""
    path = settings.folder / "settings.json"
    source = design_source(settings.design.name)
    identity = settings.identity() | ({} if source is None else {"design_source": source.name})
    text = json.dumps(identity, indent=2) + "\n"
    if not path.exists():
        write_whole(path, text)
    elif path.read_text(encoding="utf-8") != text:
        raise UserError(f"job '{settings.job}' holds a run with other settings ({path}): name another --job")


def run_project(project: Any, settings: Settings, console: Console) -> Any:
    """Let SiliconCompiler run the project and return its history."""
    leave_package_list_out()
    with StepLines(console) as lines:
        try:
            history = project.run()
        except RuntimeError as error:
            raise failure(settings, lines.failed, str(error)) from None
        # SiliconCompiler may have taken the interrupt of a signal for its own.
        if ended_by() is not None:
            raise KeyboardInterrupt
        return history


def leave_package_list_out() -> None:
    """Keep SiliconCompiler from listing all packages of the environment in its manifest.

    It asks pip, for a tenth of a short run's time, and goes on where there is none. The versions that matter
    are in the result.
    """
    sys.modules["pip._internal.operations.freeze"] = None  # type: ignore[assignment]


def failure(settings: Settings, failed: list[str], reason: str) -> StepError:
    """Return the error that names the failed step, what stopped it and its log; else `reason`."""
    whole = job_log(settings.folder)
    if failed:
        log = step_log(settings.folder, failed[0])
        return StepError(failed[0], step_cause(settings.folder, log, whole) or reason, log)
    return StepError("setup", setup_cause(settings.folder, whole) or reason, whole)


def collect(
    settings: Settings, history: Any, files: dict[str, Path], retimed_s: float | None = None
) -> Result:
    """Return the result of a run that has ended well; its corners took `retimed_s`, None for none."""
    metrics, groups = Metrics(), dict[str, Group]()
    power: dict[str, Power] = {}
    simulation: dict[str, Any] = {}
    corners: dict[str, CornerFigures] = {}
    runtimes_s = step_runtimes_s(history)
    if retimed_s is not None:
        runtimes_s[RETIMING] = retimed_s
    if settings.depth in METRIC_STEPS:
        metrics, groups = measure_layout(settings, history)
    if settings.depth in POWER_DEPTHS and has_workload(settings.design):
        power = measure_power(settings)
        simulation = read_simulation(settings)
        metrics = metrics.model_copy(update=headline_power(power))
        corners = measure_corners(settings, metrics, retimed=retimed_s is not None)
    elif settings.depth == "synth":
        metrics = measure_netlist(settings)
    checks = measure_checks(settings, metrics.drc_errors)
    counted = {"failed_checks": len(checks.failed)} if settings.depth in POWER_DEPTHS else {}
    metrics = metrics.model_copy(update={"runtime_s": round(sum(runtimes_s.values()), 2), **counted})
    versions = package_versions()
    for step in METRIC_STEPS.values():
        engine_version = history.get("record", "toolversion", step=step, index=INDEX)
        if engine_version:
            versions["openroad"] = engine_version
    revision, dirty = git_state()
    pdk = settings.pdk
    return Result(
        design=settings.design.name,
        design_source=design_source(settings.design.name),
        parameters=settings.parameters,
        pdk=pdk.name,
        node_nm=pdk.node_nm,
        library=pdk.library,
        corner=pdk.corner,
        voltage_v=pdk.voltage_v,
        temperature_c=pdk.temperature_c,
        clock_ns=settings.clock_ns,
        seed=settings.seed,
        target_utilization_percent=settings.target_utilization_percent,
        synthesis=settings.synthesis,
        target_padding_sites=settings.target_padding_sites,
        depth=settings.depth,
        job=settings.job,
        nand2_cell=pdk.nand2_cell,
        nand2_area_um2=pdk.nand2_area_um2,
        metrics=metrics,
        groups=groups,
        power=power,
        optimised_corners=settings.optimised_corners,
        worst_corners=worst_corners(settings, corners),
        corners=corners,
        checks=checks,
        **simulation,
        parasitics=pdk.parasitics if settings.depth in POWER_DEPTHS else None,
        layout_cells=pdk.layout_cells if "gds" in files else None,
        step_runtimes_s=runtimes_s,
        peak_memory_bytes=peak_memory_bytes(history),
        tool_versions=versions,
        git_revision=revision,
        git_dirty=dirty,
        git_branch=branch_of(revision),
        finished_at=datetime.now(UTC).isoformat(timespec="seconds"),
        sha256={kind: sha256(path) for kind, path in files.items()},
        files={kind: str(path.relative_to(settings.folder)) for kind, path in files.items()},
    )
