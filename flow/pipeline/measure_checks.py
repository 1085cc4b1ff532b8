"""From the verdicts of the sign-off steps to the checks of a run's result."""

from flow.record.depths import CHECK_STEPS, GEOMETRY_CHECK_STEPS, POWER_DEPTHS
from flow.record.result import Check, Checks
from flow.record.run_folder import step_folder
from flow.record.settings import Settings
from flow.signoff.verdict import VERDICT, not_run, read_verdict


def measure_checks(settings: Settings, drc_errors: int | None) -> Checks:
    """Return what each check says; `drc_errors` is the router's count, None where it gave none."""
    if settings.depth not in POWER_DEPTHS:
        unreached = not_run(f"a run to {settings.depth} has no routed layout")
        return Checks(**dict.fromkeys(Checks().named(), unreached))
    verdicts = {"router_drc": check_drc(drc_errors)}
    of_gds = GEOMETRY_CHECK_STEPS | settings.requested_checks
    steps = CHECK_STEPS | (of_gds if settings.depth == "gds" else {})
    for name, step in steps.items():
        verdicts[name] = read_verdict(step_folder(settings.folder, step) / VERDICT)
    for name in GEOMETRY_CHECK_STEPS.keys() - steps.keys():
        verdicts[name] = not_run(f"a run to {settings.depth} has no GDS")
    return Checks(**verdicts)


def check_drc(errors: int | None) -> Check:
    """Return what the router's count of violations says."""
    if errors is None:
        return not_run("the router reported no count")
    detail = f"{errors:,} violations left by the router" if errors else "the router left no violation"
    return Check(status="fail" if errors else "pass", detail=detail, figures={"violations": errors})
