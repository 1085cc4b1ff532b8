"""How fast this project is, in figures: `make bench`. Nothing here passes or fails."""

import argparse
import subprocess
import tempfile
import time
from datetime import datetime
from pathlib import Path

import flow  # noqa: F401  before other packages: see there

# isort: split
import numpy as np
from siliconcompiler import ASIC

from flow.activity import zero_delay
from flow.activity.gate_design import join
from flow.attention_data.workload import KEYS_PER_QUERY, make_workload
from flow.common.command_line import Parser, run_guarded
from flow.comparison.rows import PAPER_KERNELS
from flow.formats.liberty import read_liberty
from flow.formats.netlist import read_netlist
from flow.history.scale_bench import bench_history, bench_writers
from flow.layout.inspector.made_up import made_up_facts
from flow.layout.inspector.page import ShownRun, page_of
from flow.layout.inspector.speed import page_speed
from flow.pipeline.job_pool import HELP, LOCAL, check_cluster
from flow.pipeline.measure_layout import step_runtimes_s
from flow.pipeline.pool_bench import bench_pool
from flow.pipeline.run_process import command_line, run_in_process
from flow.pipeline.steps.library_files import liberty_files
from flow.record.constraints import CLOCK_PORT
from flow.record.run_folder import manifest_path, step_folder
from flow.record.settings import Settings, make_settings
from flow.tools.pdk_data import find_data_root
from hdl.designs import kernels
from hdl.models.codes import encode

FORMAT, D, PDK = "bf16", 16, "nangate45"
MODEL_QUERIES = 1000
REPEATS = 3
INSPECTED_CELLS, KERNEL_CELLS = 100_000, 45_000


def bench_models() -> None:
    """Print model queries per second, the median of a few repetitions."""
    models = {name: kernels()[name] for name in PAPER_KERNELS}
    chosen = {name: kernel.make_parameters({"format": FORMAT, "d": D}) for name, kernel in models.items()}
    fmt = chosen[PAPER_KERNELS[0]].fmt
    random = np.random.default_rng(0)
    q = encode(random.standard_normal((MODEL_QUERIES, D)), fmt)
    k, v = (encode(random.standard_normal((MODEL_QUERIES, KEYS_PER_QUERY, D)), fmt) for _ in range(2))
    for kernel in PAPER_KERNELS:
        runtimes_s = []
        for _ in range(REPEATS):
            start = time.monotonic()
            models[kernel].attend(chosen[kernel], q, k, v)
            runtimes_s.append(time.monotonic() - start)
        rate = MODEL_QUERIES / sorted(runtimes_s)[REPEATS // 2]
        print(f"model {kernel}, {FORMAT}, d = {D}, {KEYS_PER_QUERY} keys: {rate:,.0f} queries/s")


def bench_simulation(settings: Settings) -> None:
    """Print the clocks per second of the zero-delay simulation of the synthesised netlist."""
    run_in_process(settings)
    name = settings.design.name
    library = settings.pdk.make_library(find_data_root(settings.pdk, None))
    liberty = liberty_files(library, settings.pdk.corner)
    workload = make_workload(name, settings.parameters)
    inputs = workload.packed_inputs()
    start = time.monotonic()
    netlist = read_netlist(step_folder(settings.folder, "synthesis") / "outputs" / f"{name}.vg", name)
    gates = join(netlist, read_liberty(liberty), CLOCK_PORT)
    zero_delay.simulate(gates, inputs, workload.streams, settings.clock_ns, workload.count_from)
    runtime_s = time.monotonic() - start
    print(
        f"gate simulation {name}, {len(gates.instances):,} cells, activity of every net, build included: "
        f"{workload.clocks:,} clocks in {runtime_s:.2f} s, {workload.clocks / runtime_s:,.0f} clocks/s"
    )


def bench_inspector() -> None:
    """Print how soon the inspector shows a large layout, how smoothly it moves, and a usual page's size."""
    shown = page_speed(made_up_facts(INSPECTED_CELLS))
    size_mb = len(page_of([ShownRun(made_up_facts(KERNEL_CELLS))])) / 1e6
    print(
        f"inspector, {INSPECTED_CELLS:,} cells, drawn by software: first picture after "
        f"{shown.first_picture_s:.1f} s, all of it after {shown.complete_s:.1f} s, "
        f"{shown.frames_per_s:.0f} frames/s while moving; "
        f"a page of {KERNEL_CELLS:,} cells has {size_mb:.1f} MB"
    )


def bench_unchanged(settings: Settings) -> None:
    """Print the wall time of a run of which nothing has changed, by its command: the median of a few."""
    command = command_line(settings, None)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    runtimes_s = []
    for _ in range(REPEATS):
        start = time.monotonic()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        runtimes_s.append(time.monotonic() - start)
    median_s = sorted(runtimes_s)[REPEATS // 2]
    print(f"unchanged run {settings.design.name}, {settings.depth}: {median_s:.2f} s")


def bench_layout(settings: Settings) -> None:
    """Lay the kernel out and print the wall time by step and the share outside the engines."""
    start = time.monotonic()
    run_in_process(settings)
    wall_s = time.monotonic() - start
    history = ASIC.from_manifest(filepath=str(manifest_path(settings.folder)))
    times = step_runtimes_s(history, "exetime")
    for step, engine_s in times.items():
        print(f"  {step:<32} {engine_s:8.1f} s")
    engines_s = sum(times.values())
    outside = 100 * (1 - engines_s / wall_s)
    print(
        f"layout {settings.design.name}, {PDK}: {wall_s:.0f} s, of these {engines_s:.0f} s inside engines, "
        f"{outside:.1f} % outside (negative where steps ran side by side)"
    )


def bench_histories(where: str | None) -> None:
    """Print how fast a history of 100,000 runs is; in SQLite, or in the empty database `where`."""
    with tempfile.TemporaryDirectory() as folder:
        bench_history(where or str(Path(folder) / "history.db"))
        if where is None:
            bench_writers(str(Path(folder) / "writers.db"))


def parse_arguments() -> argparse.Namespace:
    """Return the command's arguments."""
    parser = Parser(prog="bench.py", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="leave the layout out, some 20 minutes")
    parser.add_argument("--runs", action="store_true", help="many runs at once alone")
    parser.add_argument("--cluster", default=LOCAL, metavar="NAME", help=f"of --runs: {HELP}")
    parser.add_argument(
        "--history",
        nargs="?",
        const="",
        metavar="URL",
        help="the history of 100,000 runs alone; into the empty PostgreSQL database URL, default SQLite",
    )
    parser.add_argument("--out", type=Path, default=Path("build") / "bench", metavar="DIR")
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> None:
    """Run the benchmarks."""
    if arguments.runs:
        with tempfile.TemporaryDirectory() as folder:
            bench_pool(Path(folder), check_cluster(arguments.cluster))
        return
    if arguments.history is not None:
        bench_histories(arguments.history or None)
        return
    given = {"format": FORMAT, "d": D}
    bench_models()
    bench_inspector()
    for kernel in PAPER_KERNELS:
        bench_simulation(make_settings(kernel, given, PDK, depth="synth", build_dir=arguments.out))
    bench_unchanged(make_settings(PAPER_KERNELS[0], given, PDK, depth="synth", build_dir=arguments.out))
    bench_histories(None)
    with tempfile.TemporaryDirectory() as folder:
        bench_pool(Path(folder), LOCAL)
    if not arguments.quick:
        stamp = datetime.now().strftime("fresh_%Y%m%d_%H%M%S")
        layout = make_settings("fa2_expmul", given, PDK, build_dir=arguments.out / stamp, jobs=2)
        bench_layout(layout)
        bench_unchanged(layout)


def main() -> None:
    """Run the command."""
    arguments = parse_arguments()
    run_guarded("bench.py", lambda: run(arguments), arguments.out / "crash.log")


if __name__ == "__main__":
    main()
