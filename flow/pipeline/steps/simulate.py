"""Step `power.activity`: the routed netlist computes on real data, and its switching is counted."""

import json
import time
from pathlib import Path
from typing import Any

from flow.activity import timed, zero_delay
from flow.activity.gate_design import Activity, GateDesign, join
from flow.activity.saif import write_saif
from flow.attention_data.workload import Workload, make_workload
from flow.formats.liberty import read_liberty
from flow.formats.netlist import read_netlist
from flow.formats.sdf import read_sdf
from flow.formats.streams import Words, unpack_codes
from flow.pipeline.steps.own_task import CLOCK_NS, CORNER, DESIGN, DESIGN_PARAMETERS, LibraryTask
from flow.record.activities import SIMULATED_ACTIVITIES, TIMED, ZERO_DELAY
from flow.record.constraints import CLOCK_PORT, PORT_DELAY_SHARE
from flow.record.run_folder import ACTIVITY_SUMMARY


class SimulateTask(LibraryTask):
    """Writes `<design>.zero_delay.saif` and `<design>.timed.saif`; every output is checked on the way."""

    TOOL = "activity"
    TASK = "simulate"
    PARAMETERS = (DESIGN, DESIGN_PARAMETERS, CLOCK_NS, CORNER)
    INPUT_ENDINGS = ("lec.vg", "typical.sdf")
    OUTPUT_ENDINGS = tuple(f"{activity}.saif" for activity in SIMULATED_ACTIVITIES)

    def run(self) -> int:
        """Simulate with no delays and with those of the layout."""
        top = self.design_topmodule
        gates = join(read_netlist(self.input_path("lec.vg"), top), read_liberty(self.liberty()), CLOCK_PORT)
        workload = make_workload(self.value(DESIGN), json.loads(self.value(DESIGN_PARAMETERS)))
        streams = workload.streams
        inputs = workload.packed_inputs()
        clock_ns = self.value(CLOCK_NS)
        summary: dict[str, Any] = {"clocks": workload.clocks, "data_sha256": workload.data_sha256}

        start = time.monotonic()
        outputs, activity = zero_delay.simulate(gates, inputs, streams, clock_ns, workload.count_from)
        summary[ZERO_DELAY] = self._finish(ZERO_DELAY, gates, workload, outputs, activity, start)

        start = time.monotonic()
        outputs, activity = timed.simulate(
            gates,
            read_sdf(self.input_path("typical.sdf")),
            inputs,
            streams,
            clock_ns,
            input_delay_ns=clock_ns * PORT_DELAY_SHARE,
            count_from=workload.count_from,
            threads=self.get_threads(),
        )
        summary[TIMED] = self._finish(TIMED, gates, workload, outputs, activity, start)
        Path(ACTIVITY_SUMMARY).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
        return 0

    def _finish(
        self,
        name: str,
        gates: GateDesign,
        workload: Workload,
        outputs: dict[str, Words],
        activity: Activity,
        start: float,
    ) -> dict[str, float]:
        """Check the outputs, write the SAIF and return what the simulation took."""
        check_outputs(workload, outputs)
        runtime_s = time.monotonic() - start
        write_saif(gates, activity, self.output_path(f"{name}.saif"))
        print(f"{name}: {workload.clocks} clocks in {runtime_s:.2f} s, every output as the model has it")
        return {"toggles": int(activity.toggles.sum()), "runtime_s": round(runtime_s, 3)}


def check_outputs(workload: Workload, outputs: dict[str, Words]) -> None:
    """Raise ValueError where an output differs from the model at a clock at which it is due."""
    for port, expected in workload.expected.items():
        codes = unpack_codes(outputs[port], workload.streams, workload.bits[port])
        wrong = (codes != expected).any(axis=2) & workload.checked(port)
        if wrong.any():
            stream, clock = (int(place[0]) for place in wrong.nonzero())
            raise ValueError(
                f"netlist differs from the model at output {port}, stream {stream}, clock {clock}: "
                f"{codes[stream, clock].tolist()} instead of {expected[stream, clock].tolist()}"
            )
