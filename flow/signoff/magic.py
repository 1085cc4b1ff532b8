"""Magic on a delivered GDS: which technology file it gets, and what it leaves."""

import re
from dataclasses import dataclass
from pathlib import Path

from flow.record.provenance import sha256
from flow.tools.layout_programs import ScriptProgram

_SECTION_TECH = re.compile(r"^\s*tech\s*$(.*?)^\s*end\s*$", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^\s*(\w+)\s*$", re.MULTILINE)
# A line that asks for a newer Magic than some systems have; what it then does not take it says.
_NEEDS_VERSION = re.compile(r"^\s*requires\s+magic\S*.*\n", re.MULTILINE)
_NOT_TAKEN = re.compile(r": line \d+: section ")
_ERRORS = ("Error: ", "Error parsing ", "Technology ")
DIGEST_DIGITS = 12


@dataclass(frozen=True)
class Technology:
    """A technology file of Magic's: its text, without what it asks of Magic's version, and its names."""

    name: str
    text: str
    told: str


def read_technology(path: Path) -> Technology:
    """Return the technology in `path`; raises OSError, or ValueError for a file that is none."""
    text = path.read_text(encoding="utf-8", errors="replace")
    section = _SECTION_TECH.search(text)
    name = _NAME.search(section[1]) if section else None
    if name is None:
        raise ValueError(f"{path.name} is no technology file of Magic's")
    return Technology(name[1], _NEEDS_VERSION.sub("", text), f"{path.name} {sha256(path)[:DIGEST_DIGITS]}")


@dataclass(frozen=True)
class MagicLayout:
    """What Magic reads: a GDS, its top and the technology."""

    gds: Path
    top: str
    technology: Technology


def run_magic(
    program: ScriptProgram, script: Path, layout: MagicLayout, folder: Path, result: Path, **values: str
) -> int:
    """Run a script of Magic's in `folder`; return how many lines of the technology it did not take.

    What Magic prints is printed. Raises ValueError, with its first error, where it leaves no `result`.
    """
    technology = folder / f"{layout.technology.name}.tech"
    technology.write_text(layout.technology.text, encoding="utf-8")
    given = {
        "EXPMUL_TECHNOLOGY": str(technology.resolve()),
        "EXPMUL_TECHNOLOGY_NAME": layout.technology.name,
        "EXPMUL_GDS": str(layout.gds.resolve()),
        "EXPMUL_TOP": layout.top,
    }
    done = program.run(script, folder.resolve(), given | values)
    print(done.stdout, done.stderr, sep="\n")
    printed = done.stdout + done.stderr
    if done.returncode or not result.is_file():
        raise ValueError(f"Magic does not run to its end: {cause_of(printed, done.returncode)}")
    return len(set(filter(_NOT_TAKEN.search, printed.splitlines())))


def cause_of(printed: str, code: int) -> str:
    """Return Magic's first error, else what it did not take of the technology, else its exit code."""
    lines = printed.splitlines()
    errors = [line for line in lines if line.startswith(_ERRORS) and "while reading cell" not in line]
    errors += [line for line in lines if _NOT_TAKEN.search(line)]
    if errors:
        return errors[0].removeprefix("Error: ")
    return f"signal {-code}" if code < 0 else f"exit code {code}"
