"""What the scripts in this folder share: one-line errors, exit codes, a parser that keeps to them."""

import argparse
import signal
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from flow.errors import StepError, UserError
from flow.failure_cause import os_error_in_words
from flow.processes import INTERRUPTED, ended_by, leave_at_once_next_time, watch

Say = Callable[[str], None]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line; description and epilog stay as they are written."""

    def __init__(self, **options: Any) -> None:
        """Take what ArgumentParser takes."""
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Print `message` and leave with exit code 2."""
        self.exit(2, f"{self.prog}: error: {message} (see --help)\n")


def run_guarded(program: str, main: Callable[[], int | None], crash_log: Path) -> NoReturn:
    """Run `main` and leave with what it returns, 2 for a user's mistake, 1 for a failed step, 130 by signal.

    Whatever goes wrong is one line on standard error; the traceback of a mistake of this project
    goes to `crash_log`.
    """
    watch()
    try:
        refuse_other_checkout(Path(sys.argv[0]), program)
        code = main()
    except BaseException as error:
        if ended_by() is None and not isinstance(error, KeyboardInterrupt):
            leave_after(error, program, crash_log)
        # Told to end: whatever was raised on the way out is of no interest.
        leave_at_once_next_time()
        leave(program, f"{how_ended()}; the same command goes on from the last finished step", INTERRUPTED)
    sys.exit(code or 0)


def how_ended() -> str:
    """Return how the command was told to end, in words."""
    number = ended_by()
    return "interrupted" if number in (None, signal.SIGINT) else f"ended by {number.name}"


def leave_after(error: BaseException, program: str, crash_log: Path) -> NoReturn:
    """Leave with one line on `error`."""
    if isinstance(error, UserError | StepError):
        leave(program, " ".join(str(error).split()), error.exit_code)
    if isinstance(error, OSError):
        leave(program, os_error_in_words(error), 1)
    if not isinstance(error, Exception):
        raise error
    try:
        crash_log.parent.mkdir(parents=True, exist_ok=True)
        crash_log.write_text("".join(traceback.format_exception(error)))
        where = f" (details: {crash_log})"
    except OSError:
        where = ""
    leave(program, f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{where}", 1)


def refuse_other_checkout(started: Path, program: str) -> None:
    """Raise UserError where `started` is a `program` of one checkout and Python imports the code of another.

    So it is with another checkout's environment, and after an install of this one as a copy.
    """
    imported = Path(__file__).resolve().with_name(program)
    if started.name == program and started.resolve() != imported:
        raise UserError(
            f"{started} was started, but Python imports {imported.parent}: take the checkout's own "
            "`.venv/bin/python`, into which `pip install -e .` has put it"
        )


def names(text: str) -> list[str]:
    """Return the words of a comma-separated list, each once."""
    return list(dict.fromkeys(word for word in text.split(",") if word))


def plain_lines(console: Console) -> Say:
    """Return what prints a line on `console` as it is: no colours, no marks, no line breaks put in."""

    def say(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True, markup=False)

    return say


def leave(program: str, message: str, code: int) -> NoReturn:
    """Print one line on standard error and exit."""
    print(f"{program}: error: {message}", file=sys.stderr)
    sys.exit(code)
