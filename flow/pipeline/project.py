"""A run's settings as a SiliconCompiler project."""

import json
from pathlib import Path

from siliconcompiler import ASIC, Design
from siliconcompiler.tools.openroad import OpenROADTask
from siliconcompiler.tools.openroad.antenna_repair import AntennaRepairTask
from siliconcompiler.tools.openroad.clock_tree_synthesis import CTSTask
from siliconcompiler.tools.openroad.detailed_placement import DetailedPlacementTask
from siliconcompiler.tools.openroad.endcap_tapcell_insertion import EndCapTapCellTask
from siliconcompiler.tools.openroad.global_placement import GlobalPlacementTask
from siliconcompiler.tools.openroad.global_route import GlobalRouteTask
from siliconcompiler.tools.openroad.repair_design import RepairDesignTask
from siliconcompiler.tools.openroad.repair_timing import RepairTimingTask

from flow.attention_data.workload import has_workload
from flow.common.places import PROJECT_ROOT
from flow.pipeline.flowgraph import build_flowgraph
from flow.pipeline.full_signoff import full_signoff_values
from flow.pipeline.step_digests import give_digests
from flow.pipeline.steps.own_task import OwnTask
from flow.pipeline.steps.write_views import WriteViewsAndSpefTask
from flow.record.constraints import write_sdc, write_sdc_decimals
from flow.record.depths import DEPTHS, POWER_STEPS
from flow.record.provenance import sha256
from flow.record.run_folder import STEPS
from flow.record.settings import FULL, Settings

SCENARIO = "typical"
RUN_ROOT = "run"  # the run's folder among SiliconCompiler's data roots
# The tasks of the flowgraph's METRIC_STEPS: their reports are what is measured.
MEASURED_TASKS = (DetailedPlacementTask, WriteViewsAndSpefTask)
LEGALIZING_TASKS = (DetailedPlacementTask, CTSTask, RepairTimingTask)
# Of the clock period, the setup slack that repair before routing aims at: routing takes some back.
SETUP_MARGIN_SHARE = 0.02
INSTANCES_SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "write_instances.tcl"
NO_TIE_CELLS_SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "no_tie_cells.tcl"
ANTENNA_TRACKS_SCRIPT = PROJECT_ROOT / "flow" / "pipeline" / "scripts" / "antenna_tracks.tcl"


def make_project(settings: Settings, data_root: Path | None) -> ASIC:
    """Return the project for `settings`, its files below `settings.folder`."""
    pdk = settings.pdk
    project = ASIC(make_design(settings))
    silence(project)
    project.add_fileset("constraints")
    project.set_mainlib(pdk.make_library(data_root))
    project.set_pdk(project.get("library", pdk.library, "asic", "pdk"))
    project.set_asic_delaymodel("nldm")
    project.set_asic_routinglayers(*pdk.routing_layers)
    project.set_flow(
        build_flowgraph(with_deck=settings.drc_deck is not None, with_transistors=settings.signoff == FULL)
    )

    scenario = project.constraint.timing.make_scenario(SCENARIO)
    scenario.add_libcorner(pdk.corner)
    scenario.set_pexcorner("typical")
    scenario.add_check(["setup", "hold", "power"])
    project.constraint.area.set_density(settings.utilization_percent)
    project.constraint.area.set_coremargin(pdk.core_margin_um)

    configure_own_steps(project, settings)
    configure_openroad(project, settings)
    give_digests(project, pdk)

    option = project.option
    # With the name that `make_design` gives, SiliconCompiler works in STEPS of the run's folder.
    option.set_builddir(str(settings.folder.parent))
    option.set_jobname(STEPS)
    option.add_to(last_steps(settings))
    option.set_nodashboard(True)
    option.set_nodisplay(True)
    option.set_quiet(True)
    # No change of priority. But with any number SiliconCompiler starts its programs by a full fork, and what
    # flow/common/processes.py does there lets them end with their step's process.
    option.set_nice(0)
    option.scheduler.set_maxnodes(settings.jobs)
    option.scheduler.set_maxthreads(settings.jobs)
    return project


def last_steps(settings: Settings) -> list[str]:
    """Return the steps that a run ends with: without those of power for a design that has no data."""
    steps = (*DEPTHS[settings.depth], *settings.requested_checks.values())
    return [step for step in steps if step not in POWER_STEPS or has_workload(settings.design)]


def configure_own_steps(project: ASIC, settings: Settings) -> None:
    """Tell the steps of flow/pipeline/steps what the run is of."""
    pdk = settings.pdk
    values = {
        "clock_ns": settings.clock_ns,
        "core_side_min_um": pdk.core_side_min_um,
        "corner": pdk.corner,
        "design": settings.design.name,
        "design_parameters": json.dumps(settings.parameters, sort_keys=True),
        "parasitics": pdk.parasitics,
        "pdk_name": pdk.name,
        "pin_pitch_um": pdk.pin_pitch_um,
        "seed": settings.seed,
        "recipe": settings.synthesis,
        "full_adder": list(pdk.full_adder),
    }
    if settings.drc_deck is not None:
        values |= {"drc_deck": str(settings.drc_deck), "drc_deck_sha256": sha256(settings.drc_deck)}
    if settings.signoff == FULL:
        values |= full_signoff_values(project, pdk)
    for task in OwnTask.find_task(project):
        task.configure(values)


def configure_openroad(project: ASIC, settings: Settings) -> None:
    """Set what OpenROAD's steps do differently from SiliconCompiler's defaults."""
    pdk = settings.pdk
    placement = GlobalPlacementTask.find_task(project)
    placement.set_openroad_placedensity(settings.placement_density)
    placement.set_openroad_padglobalplace(settings.padding_sites)
    for task in LEGALIZING_TASKS:
        task.find_task(project).set_openroad_paddetailplace(settings.padding_sites)
    # With both on, this OpenROAD fails on small designs (GPL-0314, filler index out of bounds).
    placement.set_openroad_gplroutabilitydriven(False)
    repair_timing = RepairTimingTask.find_task(project)
    repair_timing.set_openroad_rszsetupslackmargin(
        settings.clock_ns * SETUP_MARGIN_SHARE / pdk.time_unit_ns, step="cts.repair_timing"
    )
    # It makes drivers weaker than the library's largest slew and capacitance allow.
    repair_timing.set_openroad_skiprecoverpower(True)
    for task in (RepairDesignTask.find_task(project), repair_timing):
        task.set_openroad_rszslewmargin(pdk.slew_margin_percent)
    for task in MEASURED_TASKS:
        task.find_task(project).add_postscript(str(INSTANCES_SCRIPT))
    if pdk.overflow_iterations_max is not None:
        global_route = GlobalRouteTask.find_task(project)
        global_route.set_openroad_grtallowcongestion(True)
        global_route.set_openroad_grtoverflowiter(pdk.overflow_iterations_max)
    AntennaRepairTask.find_task(project).add_prescript(str(ANTENNA_TRACKS_SCRIPT))
    if not project.get("library", pdk.library, "tool", "openroad", "tiehigh_cell"):
        EndCapTapCellTask.find_task(project).add_prescript(str(NO_TIE_CELLS_SCRIPT))
    decimals_script = settings.folder / "sdc_decimals.tcl"
    if write_sdc_decimals(decimals_script, settings.clock_ns, pdk.time_unit_ns):
        for task in OpenROADTask.find_task(project):
            # Some of these tasks have more data roots than one: the file's has to be named.
            task.set_dataroot(RUN_ROOT, str(settings.folder))
            task.add_prescript(decimals_script.name, dataroot=RUN_ROOT)
    # Power at default activity is read of a placement alone, and takes half of a short step's time.
    for task in OpenROADTask.find_task(project):
        if task.valid("var", "skip_reports") and not isinstance(task, DetailedPlacementTask):
            task.add_openroad_skipreport("power")


def make_design(settings: Settings) -> Design:
    """Return SiliconCompiler's design object, by the name of the job: top module and timing constraints."""
    sdc = settings.folder / "constraints.sdc"
    sdc.parent.mkdir(parents=True, exist_ok=True)
    write_sdc(sdc, settings.clock_ns, settings.pdk.time_unit_ns)
    design = Design(settings.job)
    with design.active_fileset("constraints"):
        design.set_topmodule(settings.design.name)
        design.add_file(str(sdc))
    return design


def silence(project: ASIC) -> None:
    """Keep SiliconCompiler's messages to its log files: this project prints its own lines."""
    project._logger_console.addFilter(lambda record: False)
