"""Proof that a kernel keeps to the frame's contract, for kernels of this tree and of anybody else.

    python -m hdl.conformance NAME                   a kernel of the registry
    python -m hdl.conformance path/to/file.py:NAME   a kernel of one's own

Each check takes a `Bench`: the kernel's generated Verilog, compiled, for one set of parameters. A check that
fails raises AssertionError with a line that says what differs.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import myhdl
import numpy as np

from hdl.designs import find_design
from hdl.kernel_bench import compile_kernel, mixed_queries, run_kernel, stimulus
from hdl.kernels.frame import VALUE_TIMINGS, Kernel
from hdl.language.unit import Port
from hdl.models.numpy_when_used import CodeArray
from hdl.outside import one_line
from hdl.parameters import Parameters
from hdl.simulation import Simulation, SimulationError, unpack_lanes

# What each kernel is checked with. Small, so that a kernel takes a minute or two.
CONFIGURATIONS: tuple[dict[str, Any], ...] = (
    {"format": "e4m3", "d": 5, "value_timing": VALUE_TIMINGS[0]},
    {"format": "e4m3", "d": 2, "value_timing": VALUE_TIMINGS[1]},
)
# And with each choice of the frame that it has: the default but for these, where the kernel has them all.
FRAMES: tuple[dict[str, Any], ...] = (
    {"products": "one"},
    {"arithmetic": "ieee", "division_activity": "every_key"},
    {"arithmetic": "ieee", "rounding": "truncate", "products": "one", "format": "e4m3_ieee"},
    {"division": "serial", "d": 3},
    {"division": "log"},
    {"division": "constants"},
    {"log_sum": "inferred"},
    {"exponential": "vexp", "format": "bf16"},
    {"exponential": "vexp", "format": "bf16", "products": "one"},
    {"lanes": "log2", "form": "difference", "score": "fixed"},
    {"form": "published", "fraction_bits": 7},
    {"output": "side_by_side", "score": "format", "value_bits": 8},
)
QUERIES, KEYS = 64, 24


def configurations(kernel: Kernel) -> list[dict[str, Any]]:
    """Return the parameters that `kernel` is checked with."""
    frames = [frame for frame in FRAMES if frame.keys() <= set(kernel.parameter_names)]
    return [*CONFIGURATIONS, *({"format": "e4m3", "d": 2} | frame for frame in frames)]


@dataclass(frozen=True)
class Bench:
    """A kernel with parameters, and its compiled Verilog."""

    kernel: Kernel
    parameters: Parameters
    simulation: Simulation

    def results(self, *queries: Any, **options: Any) -> CodeArray:
        """Return what the Verilog gives for the queries; every result must come at the latency."""
        results, delays = run_kernel(self.kernel, self.simulation, self.parameters, *queries, **options)
        latency = self.kernel.latency_clocks(self.parameters)
        assert set(delays.tolist()) == {latency}, f"results come after {set(delays.tolist())}, not {latency}"
        return results

    def expected(self, *queries: Any) -> CodeArray:
        """Return what the model gives."""
        return self.kernel.attend(self.parameters, *queries)

    def queries(self, keys: int, queries: int = QUERIES, seed: int = 1) -> Any:
        """Return q, k, v and the mask of `mixed_queries`."""
        return mixed_queries(self.parameters.fmt, self.parameters.d, queries, keys, seed)


def make_bench(kernel: Kernel, folder: Path, **given: Any) -> Bench:
    """Compile the kernel's Verilog in `folder`."""
    simulation, parameters = compile_kernel(kernel, folder, **given)
    return Bench(kernel, parameters, simulation)


def assert_same(results: CodeArray, expected: CodeArray) -> None:
    """Raise AssertionError with the first of the codes that differ."""
    wrong = np.argwhere(results != expected)
    if len(wrong):
        query, lane = wrong[0]
        raise AssertionError(
            f"{len(wrong)} of {results.size} codes differ, the first in query {query}, o[{lane}]: "
            f"{int(results[query, lane]):#x}, not {int(expected[query, lane]):#x}"
        )


def verilog_equals_model(bench: Bench) -> None:
    """Random scores of three spreads, ramps, all codes, masked keys; back to back."""
    queries = bench.queries(max(KEYS, bench.kernel.fewest_keys(bench.parameters)))
    expected = bench.expected(*queries)
    assert np.unique(expected).size > 1, "the model gives the same code everywhere"
    assert_same(bench.results(*queries), expected)


def gaps_change_nothing(bench: Bench) -> None:
    """Idle clocks with noise at all ports between the keys."""
    queries = bench.queries(max(KEYS, bench.kernel.fewest_keys(bench.parameters)), seed=2)
    assert_same(bench.results(*queries, gap_rate=0.3), bench.expected(*queries))


def short_queries_follow_at_once(bench: Bench) -> None:
    """Queries of as few keys as the kernel says, and of one key more, without idle clocks and with them."""
    fewest = bench.kernel.fewest_keys(bench.parameters)
    for keys in (fewest, fewest + 1):
        queries = bench.queries(keys, seed=keys)
        expected = bench.expected(*queries)
        for gap_rate in (0.0, 0.5):
            assert_same(bench.results(*queries, gap_rate=gap_rate), expected)


def masked_keys_do_not_count(bench: Bench) -> None:
    """The model gives the same without the masked keys, and zero where there are no others."""
    q, k, v, _ = bench.queries(KEYS, seed=3)
    mask = np.random.default_rng(4).random(KEYS) > 0.5
    assert_same(bench.expected(q, k, v, mask), bench.expected(q, k[:, mask], v[:, mask]))
    without_keys = bench.expected(q, k, v, False)
    assert_same(without_keys, np.zeros_like(without_keys))


def reset_drops_the_query_under_way(bench: Bench) -> None:
    """A reset while a result is on its way: it does not come, and the next query is right."""
    latency = bench.kernel.latency_clocks(bench.parameters)
    keys = max(6, bench.kernel.fewest_keys(bench.parameters))
    q, k, v, valid = bench.queries(keys, queries=8, seed=5)
    first, second = (
        stimulus(bench.kernel, bench.parameters, q[i : i + 1], k[i : i + 1], v[i : i + 1], valid[i : i + 1])
        for i in (0, 5)
    )
    for clocks_before_result in (latency - 1, 5, 1):
        reset_at = keys - 1 + latency - clocks_before_result
        inputs = {
            name: np.concatenate([column[: reset_at + 1], second.inputs[name]])
            for name, column in first.inputs.items()
        }
        inputs["rst"][reset_at] = 1
        outputs = bench.simulation.run(inputs)
        done = np.flatnonzero(outputs["valid_out"]).tolist()
        assert done == [reset_at + 1 + keys - 1 + latency], f"results at clocks {done}"
        results = unpack_lanes(outputs["o"], bench.parameters.d, bench.parameters.fmt.width)[done]
        assert_same(results, bench.expected(q[5:6], k[5:6], v[5:6], valid[5:6]))


def output_is_held_until_the_next_result(bench: Bench) -> None:
    """`o` does not change between two clocks of `valid_out`, with noise at all ports."""
    q, k, v, valid = bench.queries(KEYS, seed=6)
    applied = stimulus(bench.kernel, bench.parameters, q, k, v, valid, gap_rate=0.3)
    outputs = bench.simulation.run(applied.inputs)
    o = outputs["o"].reshape(len(outputs["valid_out"]), -1)
    done = np.flatnonzero(outputs["valid_out"])
    changed = np.flatnonzero((o[1:] != o[:-1]).any(axis=1)) + 1
    early = sorted(set(changed[changed > done[0]].tolist()) - set(done.tolist()))
    assert not early, f"o changes at clock {early[0]}, where there is no new result"


def equals_model_in_myhdl(bench: Bench) -> None:
    """MyHDL's own simulation of the circuit, on a few queries."""
    keys = max(6, bench.kernel.fewest_keys(bench.parameters))
    q, k, v, valid = (array[::8] for array in bench.queries(keys, seed=7))
    applied = stimulus(bench.kernel, bench.parameters, q, k, v, valid, gap_rate=0.2)
    outputs, _ = simulate_in_myhdl(bench.kernel, bench.parameters, applied.inputs)
    done = np.flatnonzero(outputs["valid_out"])
    assert (done - applied.last_key_clocks == bench.kernel.latency_clocks(bench.parameters)).all()
    width = bench.parameters.fmt.width
    results = [
        [int(outputs["o"][row]) >> i * width & (1 << width) - 1 for i in range(bench.parameters.d)]
        for row in done
    ]
    assert_same(np.array(results, np.uint32), bench.expected(q, k, v, valid))


def idle_kernel_is_still(bench: Bench) -> None:
    """With constant ports and no key, no register changes once the pipeline is empty."""
    keys = max(6, bench.kernel.fewest_keys(bench.parameters))
    queries = [array[::16] for array in bench.queries(keys, seed=8)]
    applied = stimulus(bench.kernel, bench.parameters, *queries)
    settle = 3 * bench.kernel.latency_clocks(bench.parameters)
    idle = {
        name: np.concatenate([c, np.repeat(c[-1:] * 0, 2 * settle, axis=0)])
        for name, c in applied.inputs.items()
    }
    _, moving = simulate_in_myhdl(bench.kernel, bench.parameters, idle, watch_last=settle)
    assert not moving, f"{len(moving)} signals of an idle kernel change, {sorted(moving)[0]} among them"


def simulate_in_myhdl(
    kernel: Kernel, parameters: Parameters, inputs: dict[str, Any], watch_last: int = 0
) -> tuple[dict[str, list[int]], set[str]]:
    """Return what MyHDL's simulation has at each output, one number a clock, and what moved at the end.

    The second: the names of signals, of all units, that change within the last `watch_last` clocks.
    """
    ports = {
        port.name: Port(port.name, port.direction, port.width, is_bool=port.width == 1).signal()
        for port in kernel.ports(parameters)
    }
    circuit = kernel.top(**ports, **kernel.top_parameters(parameters))
    outputs: dict[str, list[int]] = {"valid_out": [], "o": []}
    moving: set[str] = set()
    clocks = len(inputs["rst"])
    watched = dict(_signals(circuit, "")) if watch_last else {}

    def number(column: Any, clock: int) -> int:
        words = np.atleast_1d(column[clock])
        return sum(int(word) << 32 * index for index, word in enumerate(words))

    @myhdl.instance  # type: ignore[untyped-decorator]
    def bench() -> Any:
        before: dict[str, int] = {}
        for clock in range(clocks):
            for name, column in inputs.items():
                ports[name].next = number(column, clock)
            yield myhdl.delay(1)
            for name, values in outputs.items():
                values.append(int(ports[name]))
            if clock >= clocks - watch_last:
                now = {name: int(signal.val) for name, signal in watched.items()}
                moving.update(name for name in before if before[name] != now[name])
                before = now
            ports["clk"].next = True
            yield myhdl.delay(1)
            ports["clk"].next = False
            yield myhdl.delay(1)
        raise myhdl.StopSimulation

    myhdl.Simulation(circuit, bench).run(quiet=1)
    return outputs, moving


def _signals(block: Any, path: str) -> Any:
    for name, signal in block.sigdict.items():
        yield f"{path}{name}", signal
    for sub in block.subs:
        if hasattr(sub, "subs"):
            yield from _signals(sub, f"{path}{sub.name}.")


CHECKS: tuple[Callable[[Bench], None], ...] = (
    verilog_equals_model,
    gaps_change_nothing,
    short_queries_follow_at_once,
    masked_keys_do_not_count,
    reset_drops_the_query_under_way,
    output_is_held_until_the_next_result,
    equals_model_in_myhdl,
    idle_kernel_is_still,
)


def main() -> int:
    """Check the kernel that the command line names, and print a line for each check."""
    parser = argparse.ArgumentParser(prog="python -m hdl.conformance", description=__doc__.splitlines()[0])
    parser.add_argument("kernel", metavar="KERNEL", help="a name of the registry, or path/to/file.py:NAME")
    spec = parser.parse_args().kernel
    try:
        kernel = find_design(spec)
    except ValueError as error:
        parser.error(str(error))
    if not isinstance(kernel, Kernel):
        parser.error(f"{spec} is no kernel")
    failed = 0
    for given in configurations(kernel):
        with tempfile.TemporaryDirectory() as folder:
            try:
                bench = make_bench(kernel, Path(folder), **given)
            except (ValueError, SimulationError) as error:
                parser.error(str(error))
            except Exception as error:  # of an author's circuit, or of their description of it
                parser.error(f"{kernel.name}: {one_line(error)}")
            for check in CHECKS:
                try:
                    check(bench)
                    outcome = "passed"
                except AssertionError as error:
                    outcome, failed = f"FAILED: {error}", failed + 1
                except Exception as error:  # of an author's model
                    outcome, failed = f"FAILED: {one_line(error)}", failed + 1
                words = ", ".join(str(value) for value in given.values())
                print(f"{kernel.name} ({words}): {check.__name__.replace('_', ' ')}: {outcome}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
