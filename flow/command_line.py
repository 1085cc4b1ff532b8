"""What the scripts in this folder share: one-line errors, exit codes, a parser that keeps to them."""

import argparse
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from rich.console import Console

from flow.errors import StepError, UserError

Say = Callable[[str], None]
INTERRUPTED = 130  # as a shell reports SIGINT
CRASHED = 70  # a mistake of this program, as sysexits.h has it; 1 would read as a verdict


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line; description and epilog stay as they are written."""

    def __init__(self, **options: Any) -> None:
        """Take what ArgumentParser takes."""
        replace_what_cannot_be_shown()
        super().__init__(formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        """Print `message` and leave with exit code 2."""
        self.exit(2, f"{self.prog}: error: {message} (see --help)\n")


def replace_what_cannot_be_shown() -> None:
    """Let both outputs print a mark for what the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


def run_guarded(
    program: str, main: Callable[[], int | None], crash_log: Path, failure_code: int | None = None
) -> NoReturn:
    """Run `main` and leave with what it returns, 2 for a user's mistake, 1 for a failed step, 130 at Ctrl-C.

    Whatever goes wrong is one line on standard error. A mistake of this project leaves with CRASHED, its
    traceback goes to `crash_log`. `failure_code` stands for all of these codes but 130.
    """
    try:
        refuse_other_checkout(Path(sys.argv[0]), program)
        code = main()
    except (UserError, StepError) as error:
        leave(program, " ".join(str(error).split()), failure_code or error.exit_code)
    except KeyboardInterrupt:
        leave(program, "interrupted; the same command goes on from the last finished step", INTERRUPTED)
    except OSError as error:
        leave(program, f"{error.strerror or error}: {error.filename or 'no file named'}", failure_code or 1)
    except Exception as error:
        try:
            crash_log.parent.mkdir(parents=True, exist_ok=True)
            crash_log.write_text(traceback.format_exc())
            where = f" (details: {crash_log})"
        except OSError:
            where = ""
        leave(
            program,
            f"{type(error).__name__}: {' '.join(str(error).split())[:200]}{where}",
            failure_code or CRASHED,
        )
    sys.exit(code or 0)


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


def warn(line: str) -> None:
    """Print a line on standard error that a result is not what it might be; the command goes on."""
    print(f"{Path(sys.argv[0]).name}: {line}", file=sys.stderr)


def leave(program: str, message: str, code: int) -> NoReturn:
    """Print one line on standard error and exit."""
    print(f"{program}: error: {message}", file=sys.stderr)
    sys.exit(code)
