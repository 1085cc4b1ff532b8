"""Where a PDK's data lies on this machine."""

import os
import subprocess
import sys
from pathlib import Path

from flow.errors import UserError
from flow.places import PROJECT_ROOT
from pdk_configs.pdk import Pdk

ROOT_VARIABLE = "EXPMUL_PDK_ROOT"
SHARED_ROOT = PROJECT_ROOT.parent / "shared" / "pdk"
DOWNLOAD_TIMEOUT_S = 300


def find_data_root(pdk: Pdk, given: Path | None) -> Path | None:
    """Return the data root of `pdk`: the first of `given` or $EXPMUL_PDK_ROOT, and `../shared/pdk`.

    None stands for SiliconCompiler's own download, which has then been made. Raises UserError where
    a root that was asked for is not one, or where nothing works.
    """
    asked = given or (Path(os.environ[ROOT_VARIABLE]) if os.environ.get(ROOT_VARIABLE) else None)
    if asked is not None:
        source = "--pdk-root" if given else f"${ROOT_VARIABLE}"
        missing = missing_file(pdk, asked)
        if missing is not None:
            raise UserError(f"{source} {asked} does not hold {pdk.name}: no readable {missing}")
        return asked.resolve()
    if SHARED_ROOT.is_dir():
        missing = missing_file(pdk, SHARED_ROOT)
        if missing is None:
            return SHARED_ROOT.resolve()
    failure = download(pdk)
    if failure is None:
        return None
    raise UserError(
        f"no data for {pdk.name}: tried ${ROOT_VARIABLE} (not set), ../shared/pdk beside the checkout "
        f"(not there) and the download ({failure}); get the lambdapdk repository and name the folder "
        "above `lambdapdk` with --pdk-root"
    )


def missing_file(pdk: Pdk, root: Path) -> str | None:
    """Return the first file of `pdk` that is not readable below `root`, or None."""
    for name in pdk.required_files:
        path = root / name
        if not path.is_file() or not os.access(path, os.R_OK) or path.stat().st_size == 0:
            return name
    return None


def download(pdk: Pdk) -> str | None:
    """Let SiliconCompiler fetch the data; return None, or what went wrong in a few words.

    In a process of its own: the download prints and may hang.
    """
    program = (
        "import sys; from pdk_configs.pdk import load_pdk;"
        "library = load_pdk(sys.argv[1]).make_library(None);"
        "library.find_files('fileset', 'models.physical', 'file', 'lef')"
    )
    try:
        result = subprocess.run(
            [sys.executable, "-c", program, pdk.name],
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_TIMEOUT_S,
            check=False,
            cwd=PROJECT_ROOT,
        )
    except subprocess.TimeoutExpired:
        return f"no answer in {DOWNLOAD_TIMEOUT_S} s"
    if result.returncode == 0:
        return None
    lines = (result.stderr or result.stdout).strip().splitlines()
    return lines[-1][:160] if lines else "no message"
