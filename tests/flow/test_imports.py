"""Which engines a part of the flow loads: pages and settings want none."""

import subprocess
import sys

import pytest

ENGINES = ("siliconcompiler", "pyosys", "klayout", "openroadpy")


@pytest.mark.parametrize(
    "module",
    [
        "flow.report",
        "flow.track",
        "flow.record.settings",
        "flow.comparison.kept_rows",
        "flow.record.results_store",
    ],
)
def test_pages_history_and_settings_load_no_engine(module):
    loaded = (
        f"import sys, {module}; print(*({{name.split('.')[0] for name in sys.modules}} & set({ENGINES!r})))"
    )
    done = subprocess.run(
        [sys.executable, "-c", loaded], capture_output=True, text=True, check=True, encoding="utf-8"
    )
    assert done.stdout.split() == []
