import os
import subprocess
from pathlib import Path

import pytest
from flow_command import assert_one_line, result_of, run_flow

from flow.common.errors import UserError
from flow.common.usable_cpus import usable_cpus
from flow.tools.openroad_runtime import use_openroad
from flow.tools.surroundings import check_path, folder_for_programs

TINY = ("--design", "expmul", "--format", "e4m3", "--lanes", "1", "--jobs", "1")


@pytest.mark.parametrize("name", ["a b", "ümläut", "[x]", "{", "}", "#", "%", "-x", "日本", "&|<>", "~"])
def test_a_folder_of_another_name_is_taken(name):
    check_path("--out", Path("/x") / name)


@pytest.mark.parametrize("character", ["'", '"', ";", "\\", "$", "\n", "\t", "\udcff"])
def test_a_character_that_no_engine_takes_is_refused_by_its_name(tmp_path, character):
    done = run_flow(*TINY, "--to", "verilog", out=tmp_path / f"a{character}b")
    shown = character if character.isprintable() else ascii(character)
    assert_one_line(done, 2, "--out", f"the character {shown}")


def test_synthesis_works_in_a_folder_with_blanks_and_umlauts(tmp_path):
    assert result_of(*TINY, "--to", "synth", out=tmp_path / "mü [{#% 日本")["metrics"]["cells"] > 0


def test_openroad_reads_a_file_in_a_folder_with_an_umlaut(tmp_path):
    try:
        use_openroad(print)
    except UserError as error:
        pytest.skip(f"no OpenROAD; an `openroad` program on PATH would do: {error}")
    folder = tmp_path / "mü 日本"
    folder.mkdir()
    (folder / "a.tcl").write_text('puts "read it"\n', encoding="utf-8")
    script = tmp_path / "main.tcl"
    script.write_text(f"source {{{folder}/a.tcl}}\n", encoding="utf-8")
    environment = os.environ | {"LC_ALL": "C"}
    words = ["openroad", "-exit", str(script)]
    done = subprocess.run(
        words, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )
    assert "read it" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("value", "cause"), [("relative", "not an absolute path"), ("/proc/none", "set XDG_CACHE_HOME")]
)
def test_a_cache_that_cannot_be_is_refused_with_its_variable(tmp_path, value, cause):
    done = run_flow(*TINY, "--to", "verilog", out=tmp_path, env=os.environ | {"XDG_CACHE_HOME": value})
    assert_one_line(done, 2, "XDG_CACHE_HOME", cause)


def test_a_long_temporary_folder_is_refused_with_its_variable(tmp_path):
    folder = tmp_path / ("x" * 165)
    folder.mkdir()
    done = run_flow(*TINY, "--to", "verilog", out=tmp_path, env=os.environ | {"TMPDIR": str(folder)})
    assert_one_line(done, 2, "TMPDIR", "bytes")


def mount(folder, options):
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(words, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs: run as root with CAP_SYS_ADMIN")


def test_a_full_disk_is_named(tmp_path):
    disk = tmp_path / "disk"
    mount(disk, "size=120k")
    try:
        done = run_flow(*TINY, "--to", "synth", out=disk / "build")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert_one_line(done, 1, "no space left on the disk of")


def test_programs_are_made_where_they_can_be_loaded(tmp_path, monkeypatch):
    noexec = tmp_path / "noexec"
    mount(noexec, "noexec")
    try:
        monkeypatch.setattr("tempfile.tempdir", str(noexec))
        assert folder_for_programs(tmp_path) == tmp_path
        with pytest.raises(UserError, match="set TMPDIR"):
            folder_for_programs(noexec)
    finally:
        subprocess.run(["umount", str(noexec)], check=True)


def test_only_the_cpus_that_may_be_used_count(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {3})
    assert usable_cpus() == 1
