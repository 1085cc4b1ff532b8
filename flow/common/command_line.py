"""What the scripts in this folder share: one-line errors, exit codes, a parser that keeps to them."""

import argparse
import signal
import sys
import traceback
from collections.abc import Callable, Container, Iterable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from rich.console import Console

from flow.common.errors import StepError, UserError
from flow.common.failure_cause import os_error_in_words
from flow.common.processes import INTERRUPTED, ended_by, leave_at_once_next_time, watch

Value = TypeVar("Value")
Say = Callable[[str], None]
CRASHED = 70  # a mistake of this program, as sysexits.h has it; 1 would read as a verdict
GIVEN = "_given"  # the options met so far, noted in the namespace


class StoreOnce(argparse.Action):
    """Stores an option's value; an option given again is an error, not the last one's win."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: Any = None
    ) -> None:
        """Store `values`; raises ArgumentError for an option that was given before."""
        given: set[str] = namespace.__dict__.setdefault(GIVEN, set())
        if option is not None and self.dest in given:
            raise argparse.ArgumentError(self, "given twice")
        given.add(self.dest)
        setattr(namespace, self.dest, values)


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line; description and epilog stay as they are written.

    An option that takes a value is given once.
    """

    def __init__(self, **options: Any) -> None:
        """Take what ArgumentParser takes."""
        replace_what_cannot_be_shown()
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)
        self.register("action", None, StoreOnce)

    def error(self, message: str) -> NoReturn:
        """Print `message` and leave with exit code 2."""
        self.exit(2, f"{self.prog}: error: {message} (see --help)\n")


def assignments(given: Iterable[str], before: Container[str] = ()) -> dict[str, str]:
    """Return the words `NAME=VALUE` of `--set` by name; raises UserError for one given twice, or `before`."""
    values: dict[str, str] = {}
    for assignment in given:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise UserError(f"--set {assignment}: it takes NAME=VALUE")
        if name in values or name in before:
            raise UserError(f"--set {assignment}: {name} is given twice")
        values[name] = value
    return values


def replace_what_cannot_be_shown() -> None:
    """Let both outputs print a mark for what the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def run_guarded(
    program: str, main: Callable[[], int | None], crash_log: Path, failure_code: int | None = None
) -> NoReturn:
    """Run `main` and leave with what it returns, 2 for a user's mistake, 1 for a failed step, 130 by signal.

    Whatever goes wrong is one line on standard error. A mistake of this project leaves with CRASHED, its
    traceback goes to `crash_log`. `failure_code` stands for all of these codes but 130.
    """
    watch()
    try:
        refuse_other_checkout(Path(sys.argv[0]), program)
        code = main()
    except BaseException as error:
        if ended_by() is None and not isinstance(error, KeyboardInterrupt):
            leave_after(error, program, crash_log, failure_code)
        # Told to end: whatever was raised on the way out is of no interest.
        leave_at_once_next_time()
        leave(program, f"{how_ended()}; the same command goes on from the last finished step", INTERRUPTED)
    sys.exit(code or 0)


def how_ended() -> str:
    """Return how the command was told to end, in words."""
    number = ended_by()
    return "interrupted" if number in (None, signal.SIGINT) else f"ended by {number.name}"


def leave_after(
    error: BaseException, program: str, crash_log: Path, failure_code: int | None = None
) -> NoReturn:
    """Leave with one line on `error`, and with `failure_code` in the place of its own code."""
    if isinstance(error, UserError | StepError):
        leave(program, " ".join(str(error).split()), failure_code or error.exit_code)
    if isinstance(error, OSError):
        leave(program, os_error_in_words(error), failure_code or 1)
    if not isinstance(error, Exception):
        raise error
    try:
        crash_log.parent.mkdir(parents=True, exist_ok=True)
        crash_log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
        where = f" (details: {crash_log})"
    except OSError:
        where = ""
    reason = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{where}"
    leave(program, reason, failure_code or CRASHED)


def refuse_other_checkout(started: Path, program: str) -> None:
    """Raise UserError where `started` is a `program` of one checkout and Python imports the code of another.

    So it is with another checkout's environment, and after an install of this one as a copy.
    """
    imported = Path(__file__).resolve().parents[1] / program
    if started.name == program and started.resolve() != imported:
        raise UserError(
            f"{started} was started, but Python imports {imported.parent}: take the checkout's own "
            "`.venv/bin/python`, into which `pip install -e .` has put it"
        )


def names(text: str) -> list[str]:
    """Return the words of a comma-separated list; raises ArgumentTypeError for an empty or a repeated one."""
    words = text.split(",")
    for number, word in enumerate(words):
        if not word:
            raise argparse.ArgumentTypeError("a name is empty")
        if word in words[:number]:
            raise argparse.ArgumentTypeError(f"{word} is named twice")
    return words


def each_once(values: list[Value]) -> list[Value]:
    """Return `values`; raises ArgumentTypeError where one stands there twice, as 5 and 5.0 do."""
    for number, value in enumerate(values):
        if value in values[:number]:
            raise argparse.ArgumentTypeError(f"{value} is named twice")
    return values


def plain_lines(console: Console) -> Say:
    """Return what prints a line on `console` as it is: no colours, no marks, no line breaks put in."""

    def say(line: str) -> None:
        console.print(line, highlight=False, soft_wrap=True, markup=False)

    return say


def warn(line: str) -> None:
    """Print a line on standard error that a result is not what it might be; the command goes on."""
    print(f"{Path(sys.argv[0]).name}: {line}", file=sys.stderr)


def leave(program: str, message: str, code: int) -> NoReturn:
    """Print one line on standard error and exit."""
    print(f"{program}: error: {message}", file=sys.stderr)
    sys.exit(code)
