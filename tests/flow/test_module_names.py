import sys
from importlib.metadata import packages_distributions
from pathlib import Path

FLOW = Path(__file__).resolve().parents[2] / "flow"


def test_no_module_in_flow_hides_another_when_a_script_runs_as_a_file():
    """`python flow/run.py` puts flow/ first on the path of imports."""
    names = {path.stem for path in FLOW.glob("*.py")} | {
        path.name for path in FLOW.iterdir() if path.is_dir()
    }
    names -= {"__init__", "__pycache__"}
    taken = set(sys.stdlib_module_names) | set(packages_distributions())
    assert names & taken == set()
