"""What tests of several files share."""

import importlib.util
import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from finished_layout import lay_out
from needs import skip_without
from slurm_cluster import can_be_had, slurm


@pytest.fixture(scope="session")
def layout_of(tmp_path_factory):
    """A function that returns the result of a PDK's layout and its folder; it is laid out once a process."""
    build = tmp_path_factory.mktemp("layouts")
    made = {}

    def layout(pdk):
        # One that failed goes on where it ended.
        if pdk not in made:
            made[pdk] = lay_out(pdk, build)
        return made[pdk]

    return layout


@pytest.fixture
def slurm_here(monkeypatch):
    """A Slurm of two virtual nodes; its commands find it by the environment."""
    if not can_be_had():
        skip_without("slurm")
    with slurm() as made:
        monkeypatch.setenv("SLURM_CONF", made.environment["SLURM_CONF"])
        yield made


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def postgresql():
    """Address of an empty PostgreSQL server of its own; as another user where the tests run as root."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs or importlib.util.find_spec("psycopg") is None:
        skip_without("postgresql")
    folder = Path("/tmp") / f"expmul-postgresql-{os.getpid()}"
    folder.mkdir()
    user = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
    if user:
        shutil.chown(folder, "nobody", "nogroup")
    call = {"check": True, "capture_output": True, "cwd": folder, **user}
    port = free_port()
    data, control = folder / "data", [str(programs[-1] / "pg_ctl"), "-D", str(folder / "data"), "-w"]
    subprocess.run([str(programs[-1] / "initdb"), "-D", str(data), "-U", "expmul", "-A", "trust"], **call)
    server = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1"
    log = {**call, "capture_output": False, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([*control, "-l", str(folder / "log"), "-o", server, "start"], **log)
    yield f"postgresql://expmul@127.0.0.1:{port}/postgres"
    subprocess.run([*control, "-m", "immediate", "stop"], **call)
    shutil.rmtree(folder)
