"""All results that are kept beside the reports, and the rows that they make."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from flow.comparison.configuration import Configuration
from flow.comparison.figures import Row
from flow.comparison.store import COMPARABLE
from flow.result import Result, read_result
from hdl.fa2 import WITH_KEY
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
    )


def kept_rows(reports: Path, kernels: Sequence[str]) -> list[Row]:
    """Return a row for every configuration and depth of which all `kernels` have results.

    The seeds of a row are those that every kernel has. Rows are in the order of node (coarse first),
    format, d, the rest, then depth (the deepest first).
    """
    found: dict[tuple[Configuration, str], dict[str, dict[int, Result]]] = defaultdict(dict)
    for result in kept_results(reports):
        if result.design in kernels:
            key = (configuration_of(result), result.depth)
            found[key].setdefault(result.design, {})[result.seed] = result
    rows = []
    for (configuration, depth), by_kernel in found.items():
        if set(by_kernel) == set(kernels):
            seeds = sorted(set.intersection(*(set(results) for results in by_kernel.values())))
            results = {kernel: tuple(by_kernel[kernel][seed] for seed in seeds) for kernel in kernels}
            if seeds:
                rows.append(Row(configuration, depth, results))
    return sorted(rows, key=order)


def order(row: Row) -> tuple[object, ...]:
    """Return what rows are sorted by."""
    one = row.configuration
    return (
        -load_pdk(one.pdk).node_nm,
        one.pdk,
        one.format,
        one.d,
        one.value_timing != WITH_KEY,
        one.clock_ns or 0.0,
        one.utilization_percent or 0.0,
        COMPARABLE.index(row.depth),
    )


def deepest(rows: Sequence[Row]) -> list[Row]:
    """Return of each configuration with the usual settings the deepest row."""
    first: dict[Configuration, Row] = {}
    for row in rows:
        if row.configuration.is_usual:
            first.setdefault(row.configuration, row)
    return list(first.values())


def first_seed(row: Row) -> Row:
    """Return the row with its first seed alone."""
    return Row(row.configuration, row.depth, {kernel: found[:1] for kernel, found in row.results.items()})
