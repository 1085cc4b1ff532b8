"""A Slurm of the test's own on this machine: a controller and virtual nodes, started and ended by it."""

import os
import shutil
import socket
import subprocess
from contextlib import ExitStack, contextmanager
from pathlib import Path

from process_family import LIMIT_S, wait_for

PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue", "sinfo")
CONFIGURATION = """ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool-%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=30
SchedulerParameters=sched_interval=2
NodeName=DEFAULT CPUs=2 RealMemory=16000
NodeName=n[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port=[{first_port}-{last_port}]
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


def can_be_had():
    """Whether a Slurm can be started here: as root, with Debian's packages."""
    return os.geteuid() == 0 and all(map(shutil.which, PROGRAMS))


def free_ports(number):
    """Return the first of so many free ports in a row."""
    for first in range(21000, 29000, number):
        with ExitStack() as probes:
            try:
                for port in range(first, first + number):
                    probes.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise AssertionError("no free ports")


class Slurm:
    """A Slurm that runs: the environment of its commands, and what an administrator does to it."""

    def __init__(self, environment, start):
        self.environment, self.start = environment, start
        self.controller = start("slurmctld", "-D")

    def called(self, *words):
        return called(words, self.environment)

    def jobs(self, state="running"):
        return self.called("squeue", "-h", "-t", state, "-o", "%i").split()

    def drain(self, node):
        subprocess.run(
            ["scontrol", "update", f"nodename={node}", "state=drain", "reason=test"],
            env=self.environment,
            check=True,
        )

    def stop_controller(self):
        """End the server as a restart of its service does: what it knows is on disk."""
        self.controller.terminate()
        self.controller.wait(LIMIT_S)

    def start_controller(self):
        self.controller = self.start("slurmctld", "-D")
        wait_for(lambda: self.called("sinfo", "-h"), "an answer of the controller")


@contextmanager
def slurm(nodes=2):
    """Start munged, slurmctld and so many slurmd; yield them as one Slurm; end them all."""
    folder = Path("/tmp") / f"expmul-slurm-{os.getpid()}"
    folder.mkdir(mode=0o755)
    (folder / "state").mkdir()
    key = folder / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    first_port = free_ports(nodes + 1)
    host = socket.gethostname()
    (folder / "slurm.conf").write_text(
        CONFIGURATION.format(
            host=host,
            folder=folder,
            nodes=nodes,
            controller_port=first_port + nodes,
            first_port=first_port,
            last_port=first_port + nodes - 1,
        ),
        encoding="utf-8",
    )
    environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
    started = []

    def start(*words):
        with (folder / f"{Path(words[0]).name}-{len(started)}.out").open("w", encoding="utf-8") as log:
            started.append(subprocess.Popen(words, env=environment, stdout=log, stderr=log))
        return started[-1]

    try:
        start(
            "munged", "--foreground", "--force", f"--socket={folder}/munge.socket", f"--key-file={key}",
            f"--pid-file={folder}/munged.pid", f"--log-file={folder}/munged.log",
            f"--seed-file={folder}/munged.seed",
        )  # fmt: skip
        wait_for((folder / "munge.socket").exists, "munge's socket")
        made = Slurm(environment, start)
        for number in range(1, nodes + 1):
            start("slurmd", "-D", "-N", f"n{number}")
        idle = ["sinfo", "-h", "-t", "idle", "-o", "%D"]
        wait_for(lambda: called(idle, environment) == str(nodes), "idle nodes")
        yield made
    finally:
        subprocess.run(["scancel", "-u", "root"], env=environment, check=False)
        for process in reversed(started):
            process.terminate()
        for process in reversed(started):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def called(words, environment):
    """Return what a command of Slurm prints."""
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=False, encoding="utf-8", timeout=LIMIT_S
    )
    return done.stdout.strip()
