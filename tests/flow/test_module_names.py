import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOW = ROOT / "flow"
SCRIPTS = sorted(
    str(path.relative_to(ROOT))
    for path in FLOW.glob("*.py")
    # Programs below run isolated (`python -I`): no folder of a script is on their path.
    if "__main__" in path.read_text(encoding="utf-8")
)
# Python runs a module of this name before a script. At the first package not of the standard library it ends
# the process: well where no folder of flow/ is on the path of imports, whose modules would hide it.
SITECUSTOMIZE = """
import os, sys

class AtFirstPackage:
    def find_spec(self, name, path=None, target=None):
        # The library itself asks for Jython's org and Ubuntu's hook.
        if path is None and name not in (*sys.stdlib_module_names, "flow", "org", "apport_python_hook"):
            hiding = [entry for entry in sys.path if entry.startswith({flow!r})]
            sys.__stderr__.write(f"{{name}} can be hidden by {{hiding}}" * bool(hiding))
            os._exit(len(hiding))

sys.meta_path.insert(0, AtFirstPackage())
"""


def test_the_modules_of_flow_leave_the_standard_library_its_names():
    """A script's first imports, those of the standard library, still look into the script's own folder."""
    for folder in {ROOT / script for script in SCRIPTS}:
        names = {path.stem for path in folder.parent.iterdir() if path.suffix == ".py" or path.is_dir()}
        assert names & set(sys.stdlib_module_names) == set(), folder


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_looks_for_packages_with_its_own_folder_off_the_path_of_imports(script, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(SITECUSTOMIZE.format(flow=str(FLOW)), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, "--help"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "", "the script has looked for no package"
