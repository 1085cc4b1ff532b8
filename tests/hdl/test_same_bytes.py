"""The Verilog is the same bytes whatever Python writes it."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import myhdl
import pytest

import hdl
from hdl.designs import DESIGNS
from hdl.language.local_names import docstring, in_order_of_calls, local_names
from hdl.verilog import verilog_text

ROOT = Path(hdl.__file__).resolve().parents[1]
VERSIONS = ("3.11", "3.12", "3.13", "3.14")
CASES = [
    (name, {"format": "e4m3"} | ({"d": 4} if "d" in design.parameter_names else {"lanes": 2}))
    for name, design in DESIGNS.items()
]
PROGRAM = f"""
import hashlib
from hdl.verilog import verilog_text
for name, parameters in {CASES!r}:
    print(hashlib.sha256(verilog_text(name, parameters).encode()).hexdigest())
"""


def other_python(version):
    """Return a Python of that version that starts, or None."""
    names = [f"python{version}"]
    names += map(str, sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python")))
    for name in filter(None, map(shutil.which, names)):
        said = subprocess.run(
            [name, "-V"], capture_output=True, text=True, check=False, encoding="utf-8"
        ).stdout
        if said.startswith(f"Python {version}."):
            return name
    return None


def hashes(python, folder, *options, **environment):
    """Return the hashes of every design's Verilog as `python` writes it, MyHDL taken from this one."""
    (folder / "myhdl").symlink_to(Path(myhdl.__file__).parent)
    done = subprocess.run(
        [python, "-B", *options, "-c", PROGRAM],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT}:{folder}", **environment},
        capture_output=True,
        text=True,
        check=False,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def expected():
    return [hashlib.sha256(verilog_text(*case).encode()).hexdigest() for case in CASES]


@pytest.mark.parametrize("version", VERSIONS)
def test_another_python_writes_the_same_bytes(version, tmp_path, expected):
    python = other_python(version)
    if python is None:
        pytest.skip(f"no Python {version} on this machine (python{version} on PATH)")
    assert hashes(python, tmp_path, PYTHONHASHSEED="7") == expected


def test_python_without_docstrings_and_asserts_writes_the_same_bytes(tmp_path, expected):
    assert hashes(sys.executable, tmp_path, "-OO") == expected


def test_the_order_of_a_frames_locals_does_not_matter(monkeypatch, expected):
    from myhdl import _block, _instance

    def reversed_after(get):
        def shuffled():
            # One frame more on the stack, which MyHDL counts.
            info = get()
            info.symdict = dict(reversed(info.symdict.items()))
            return info

        return shuffled

    # The callee reads the stack at a fixed depth: the wrapper stands for one of its frames.
    for module in (_block, _instance):
        stack = module.inspect.stack
        monkeypatch.setattr(
            module, "_getCallInfo", reversed_after(with_stack(module._getCallInfo, stack, monkeypatch))
        )
    assert [hashlib.sha256(verilog_text(*case).encode()).hexdigest() for case in CASES] == expected


def with_stack(get, stack, monkeypatch):
    """Return `get` with the stack that it would see without the two wrappers around it."""

    def call():
        with monkeypatch.context() as patch:
            patch.setattr("inspect.stack", lambda: [entry for entry in stack() if not is_wrapper(entry)])
            return get()

    return call


def is_wrapper(entry):
    return entry.function in ("shuffled", "call", "<lambda>") and entry.filename == __file__


def sample(argument, captured_argument, *, width):
    """Some locals.

    Of every kind.
    """
    later = [argument for _ in range(width)]
    zebra = 1
    apple = zebra
    for index in range(2):
        plain = index

    def inner():
        return apple + captured_argument

    return [zebra + item for item in later], inner, plain


def test_locals_are_ordered_as_python_3_11_has_them():
    names = ("argument", "captured_argument", "width", "later", "index", "plain", "inner", "apple", "zebra")
    assert local_names(sample) == names
    if sys.version_info[:2] == (3, 11):
        code = sample.__code__
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        cells = tuple(name for name in code.co_cellvars if name not in arguments)
        assert (*code.co_varnames, *cells) == names


def test_names_that_had_a_value_earlier_come_first():
    assert in_order_of_calls(("a", "b", "c", "d"), [frozenset("bcd"), frozenset("c")]) == ("c", "b", "d", "a")


def test_a_units_description_is_read_from_its_source():
    assert docstring(sample) == "Some locals.\n\nOf every kind."
