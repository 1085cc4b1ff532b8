"""Locks between processes, held by the process that took them and by none that it starts."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# Descriptors of the locks that this process holds.
_held: set[int] = set()


def _drop_inherited() -> None:
    """Close the parent's locks in a forked process, which would keep them after the parent's end."""
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


os.register_at_fork(after_in_child=_drop_inherited)


@contextmanager
def locked(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the file `path` as a lock; raises BlockingIOError where another has it and `wait` is False.

    It is free as soon as this process has ended, however that was.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    _held.add(descriptor)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        # A forked process has closed it.
        if descriptor in _held:
            _held.remove(descriptor)
            os.close(descriptor)
