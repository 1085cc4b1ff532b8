"""How many CPUs this process may use."""

import os


def usable_cpus() -> int:
    """Return how many CPUs the affinity of this process leaves it (taskset, cpusets), at least 1."""
    return len(os.sched_getaffinity(0)) or 1
