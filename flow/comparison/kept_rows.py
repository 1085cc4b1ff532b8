"""All results that are kept beside the reports, and the rows that they make."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from flow.comparison.configuration import Configuration, frame_of
from flow.comparison.own_clock import own_clock_ns
from flow.comparison.rows import Row
from flow.record.depths import POWER_DEPTHS
from flow.record.recipes import RECIPES
from flow.record.result import Result, read_result
from flow.record.results_store import COMPARABLE
from hdl.designs import DESIGNS
from hdl.kernels.frame import WITH_KEY
from pdk_configs.pdk import load_pdk


def kept_results(reports: Path) -> list[Result]:
    """Return every result below `reports`, in the order of their paths; raises UserError for a broken one."""
    return [read_result(path) for path in sorted((reports / "results").glob("*/*/result*.json"))]


def configuration_of(result: Result) -> Configuration:
    """Return the configuration of a kernel's result."""
    parameters = result.parameters
    usual_clock = result.clock_ns == load_pdk(result.pdk).default_clock_ns
    return Configuration(
        result.pdk,
        parameters["format"],
        parameters["d"],
        parameters["value_timing"],
        None if usual_clock else result.clock_ns,
        result.target_utilization_percent,
        frame=frame_of(parameters),
        synthesis=result.synthesis,
    )


def kernel_results(results: Sequence[Result], kernels: Sequence[str]) -> list[Result]:
    """Return those of `kernels` that a configuration can tell apart.

    Layouts optimised for all corners are not compared, nor are variants of a kernel by parameters of its own.
    """
    return [
        result
        for result in results
        if result.design in kernels and result.optimised_corners == "typical" and has_usual_parameters(result)
    ]


def has_usual_parameters(result: Result) -> bool:
    """Return whether a result has its kernel's defaults for all that a configuration does not say."""
    kernel = DESIGNS.get(result.design)
    if kernel is None:
        return True
    said = ("format", "d", "value_timing", *dict(frame_of(result.parameters)))
    given = {name: result.parameters[name] for name in said}
    return kernel.make_parameters(given) == kernel.make_parameters(result.parameters)


def kept_rows(results: Sequence[Result], kernels: Sequence[str]) -> list[Row]:
    """Return a row for every configuration and depth of which all `kernels` have results among `results`.

    The seeds of a row are those that every kernel has. Rows are in the order of node (coarse first),
    format, d, the rest, then depth (the deepest first).
    """
    by_row: dict[tuple[Configuration, str], dict[str, dict[int, Result]]] = defaultdict(dict)
    configured = [(configuration_of(result), result) for result in kernel_results(results, kernels)]
    own = own_clocks_ns(configured)
    for configuration, result in configured:
        configurations = [configuration]
        if result.clock_ns == own.get((configuration.usual_clock, result.design)):
            configurations.append(replace(configuration.usual_clock, own_clock=True))
        for its_configuration in configurations:
            by_row[its_configuration, result.depth].setdefault(result.design, {})[result.seed] = result
    rows = []
    for (configuration, depth), by_kernel in by_row.items():
        if set(by_kernel) == set(kernels):
            seeds = sorted(set.intersection(*map(set, by_kernel.values())))
            if seeds:
                chosen = {kernel: tuple(by_kernel[kernel][seed] for seed in seeds) for kernel in kernels}
                rows.append(Row(configuration, depth, chosen))
    return sorted(rows, key=order)


def own_clocks_ns(
    configured: Sequence[tuple[Configuration, Result]],
) -> dict[tuple[Configuration, str], float]:
    """Return each kernel's own clock where its layout at the usual clock is among `configured`."""
    clocks_ns = {}
    for configuration, result in configured:
        if result.depth in POWER_DEPTHS and result.seed == 0 and configuration.clock_ns is None:
            clock_ns = own_clock_ns(result)
            if clock_ns is not None:
                clocks_ns[configuration, result.design] = clock_ns
    return clocks_ns


def order(row: Row) -> tuple[object, ...]:
    """Return what rows are sorted by."""
    configuration = row.configuration
    return (
        -load_pdk(configuration.pdk).node_nm,
        configuration.pdk,
        configuration.format,
        configuration.d,
        configuration.value_timing != WITH_KEY,
        configuration.frame,
        configuration.own_clock,
        configuration.clock_ns or 0.0,
        configuration.utilization_percent or 0.0,
        list(RECIPES).index(configuration.synthesis),
        COMPARABLE.index(row.depth),
    )


def representative_rows(rows: Sequence[Row]) -> list[Row]:
    """Return the row that represents each configuration with the usual clock and value timing.

    A routed row comes before any other, then the PDK's utilization before another (the closest to full
    first), then the deepest.
    """
    by_configuration: dict[Configuration, list[Row]] = defaultdict(list)
    for row in rows:
        if row.configuration.usual_utilization.is_usual:
            by_configuration[row.configuration.usual_utilization].append(row)
    return [min(candidates, key=preference) for candidates in by_configuration.values()]


def preference(row: Row) -> tuple[object, ...]:
    """Return what a configuration's rows are ordered by: the smallest represents it."""
    utilization_percent = row.configuration.utilization_percent
    return (
        not row.is_routed,
        utilization_percent is not None,
        -(utilization_percent or 0.0),
        COMPARABLE.index(row.depth),
    )


def kept_utilizations_percent(
    results: Sequence[Result], kernels: Sequence[str], configuration: Configuration
) -> list[float]:
    """Return at which utilizations but the PDK's the `results` have any of `kernels` in `configuration`."""
    utilizations_percent = {
        result_configuration.utilization_percent
        for result_configuration in map(configuration_of, kernel_results(results, kernels))
        if result_configuration.usual_utilization == configuration
        and result_configuration.utilization_percent is not None
    }
    return sorted(utilizations_percent)


def at_own_clocks(rows: Sequence[Row]) -> list[Row]:
    """Return the routed rows in which each kernel is laid out for its own clock, all else as usual."""
    return [
        row
        for row in rows
        if row.is_routed and row.configuration.own_clock and row.configuration.usual_clock.is_usual
    ]


def first_seed(row: Row) -> Row:
    """Return the row with its first seed alone."""
    return Row(row.configuration, row.depth, {kernel: results[:1] for kernel, results in row.results.items()})
