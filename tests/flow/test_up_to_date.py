"""A run of which nothing has changed is answered from its result; whatever has changed, it runs again."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from flow_command import ROOT, assert_one_line
from needs import skip_without
from pdk_files import pdk_root

from flow.comparison.keeping import keep_run
from flow.history import recording
from flow.history.database import open_history
from flow.history.runs import all_runs
from flow.pipeline import run_process, up_to_date
from flow.pipeline.up_to_date import record_path, unchanged_result
from flow.record import results_store as store
from flow.record.result import read_result, result_path, write_result
from flow.record.results_store import kept_path
from flow.record.settings import make_settings
from flow.tools import tool_identity

TINY = {"format": "e4m3", "lanes": 1}
SOURCES = ("flow", "hdl", "pdk_configs")
# Each file of the steps, what it is changed to be, and the first step that runs again.
STEP_FILES = {
    "flow/pipeline/steps/convert.py": "convert",
    "hdl/units/exponential/log2exp.py": "convert",
    "flow/pipeline/steps/synthesize.py": "synthesis",
    "flow/pipeline/scripts/yosys_synthesis.py": "synthesis",
    "pdk_configs/nangate45/power_grid.tcl": "synthesis",
    "flow/pipeline/project.py": "synthesis",
    "flow/pipeline/steps/floorplan.py": "floorplan.init",
    "flow/pipeline/scripts/antenna_tracks.tcl": "route.antenna_repair",
    "flow/pipeline/scripts/write_instances.tcl": "place.detailed",
    "flow/pipeline/steps/write_views.py": "write.views",
    "flow/pipeline/steps/simulate.py": "power.activity",
    "flow/activity/timed.cpp": "power.activity",
    "flow/pipeline/steps/report_power.py": "power.report",
    "flow/pipeline/scripts/report_power.tcl": "power.report",
    "flow/pipeline/steps/check_layout.py": "check.layout",
    "flow/pipeline/steps/check_equivalence.py": "check.equivalence",
    "flow/signoff/yosys_reference.py": "check.equivalence",
    "flow/pipeline/steps/stream_out.py": "write.gds",
    "flow/pipeline/scripts/klayout_stream.py": "write.gds",
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the sources, to be changed."""
    folder = tmp_path_factory.mktemp("tree")
    for name in SOURCES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run_in(tree, *words):
    """Run the flow of the checkout `tree` and return the completed process."""
    command = [sys.executable, "flow/run.py", "--json", "--design", "expmul", "--jobs", "1"]
    command += ["--format", "e4m3", "--lanes", "1", "--pdk", "nangate45", *words]
    environment = os.environ | {"PYTHONPATH": str(tree)}
    return subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=False, encoding="utf-8"
    )


def result_in(tree, *words):
    done = run_in(tree, *words)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def append(path, text="\n# changed\n"):
    path.write_bytes(path.read_bytes() + text.encode())


@pytest.fixture(scope="module")
def netlist(tmp_path_factory):
    """The settings of a netlist of this checkout, and the copy of the PDK's data that it was made from."""
    if not (pdk_root() / "lambdapdk" / "freepdk45").is_dir():
        skip_without("pdk")
    folder = tmp_path_factory.mktemp("netlist")
    data = folder / "pdk"
    # Without the modes: the data may be read-only, and the tests change the copy.
    shutil.copytree(
        pdk_root() / "lambdapdk" / "freepdk45",
        data / "lambdapdk" / "freepdk45",
        copy_function=shutil.copyfile,
    )
    settings = make_settings("expmul", TINY, "nangate45", depth="synth", build_dir=folder / "build")
    run_process.run_in_process(settings, data)
    return settings, data


@pytest.fixture
def no_process(monkeypatch):
    """Processes of the flow are counted instead of started."""
    started = []

    def note(command, *words, **options):
        if "run.py" in " ".join(map(str, command)):
            started.append(command)
            raise OSError("started")
        return run(command, *words, **options)

    run = subprocess.run
    monkeypatch.setattr(subprocess, "run", note)
    return started


def test_an_unchanged_run_is_answered_without_siliconcompiler(netlist):
    settings, data = netlist
    program = (
        "import sys; sys.argv = ['run.py', *sys.argv[1:]]\n"
        "from flow import run\n"
        "run.refuse_other_checkout = None\n"
        "try:\n    run.run(run.parse_arguments())\n"
        "finally:\n    heavy = {'siliconcompiler', 'pyosys', 'klayout', 'matplotlib', 'numpy'}\n"
        "    print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    words = run_process.command_line(settings, data)[2:]
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        encoding="utf-8",
    )
    assert done.stderr.strip() == "[]"
    assert done.stdout == result_path(settings.folder, "synth").read_text(encoding="utf-8")


def test_the_table_says_that_nothing_has_changed(netlist):
    settings, data = netlist
    command = [word for word in run_process.command_line(settings, data) if word != "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, encoding="utf-8")
    first = done.stdout.splitlines()[0]
    assert "nothing has changed" in first
    assert read_result(result_path(settings.folder, "synth")).finished_at in first


def test_a_date_changes_nothing(netlist):
    settings, data = netlist
    for path in (*data.rglob("*.lib"), *(settings.folder / "out-synth").iterdir()):
        os.utime(path)
    assert unchanged_result(settings, data) is not None


@pytest.mark.parametrize("kind", ["verilog", "netlist"])
def test_a_file_that_was_altered_or_deleted_is_noticed_and_made_again(netlist, kind):
    settings, data = netlist
    result = read_result(result_path(settings.folder, "synth"))
    path = settings.folder / result.files[kind]
    whole, times = path.read_bytes(), path.stat()
    path.write_bytes(whole[:-1] + b" ")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert unchanged_result(settings, data) is None
    path.unlink()
    assert unchanged_result(settings, data) is None
    run_process.run_in_process(settings, data)
    assert path.read_bytes() == whole


def test_an_altered_result_is_no_answer(netlist):
    settings, data = netlist
    path = result_path(settings.folder, "synth")
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace('"cells": 2', '"cells": 3'), encoding="utf-8")
    try:
        assert unchanged_result(settings, data) is None
    finally:
        path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("ending", [".lib", ".lef", ".gds", ".lyt", ".rules"])
def test_a_change_of_the_pdks_data_with_an_old_date_is_noticed(netlist, ending):
    settings, data = netlist
    path = next(data.rglob(f"*{ending}"))
    whole, times = path.read_bytes(), path.stat()
    append(path, " ")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    try:
        assert unchanged_result(settings, data) is None
    finally:
        path.write_bytes(whole)


def test_the_same_data_in_another_folder_is_the_same(netlist, tmp_path):
    settings, data = netlist
    shutil.copytree(data, tmp_path / "elsewhere")
    assert unchanged_result(settings, tmp_path / "elsewhere") is not None


@pytest.mark.parametrize("text", ["", "{}", "[1]", "\xff"])
def test_a_result_without_a_record_that_can_be_read_is_no_answer(netlist, text):
    settings, data = netlist
    path = record_path(settings)
    kept = path.read_text(encoding="utf-8")
    path.write_text(text, encoding="latin-1")
    try:
        assert unchanged_result(settings, data) is None
    finally:
        path.write_text(kept, encoding="utf-8")


@pytest.mark.parametrize("package", ["pyosys", "siliconcompiler", "lambdapdk", "myhdl"])
def test_another_version_of_a_tool_is_noticed(netlist, monkeypatch, package):
    settings, data = netlist
    identity_of = tool_identity.identity_of_package
    monkeypatch.setattr(
        tool_identity, "identity_of_package", lambda name: "0" if name == package else identity_of(name)
    )
    assert unchanged_result(settings, data) is None


def test_another_openroad_on_the_path_is_another_tool(tmp_path, monkeypatch):
    program = tmp_path / "openroad"
    identities = {tool_identity.identity_of_openroad()}
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for text in ("#!/bin/sh\n", "#!/bin/sh\n:\n"):
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)
        identities.add(tool_identity.identity_of_openroad())
    assert len(identities) == 3


def test_threads_count_where_openroad_gets_them():
    one, two = (make_settings("expmul", TINY, depth="place", jobs=jobs) for jobs in (1, 2))
    assert up_to_date.request_of(one) != up_to_date.request_of(two)
    one, two = (make_settings("expmul", TINY, depth="synth", jobs=jobs) for jobs in (1, 2))
    assert up_to_date.request_of(one) == up_to_date.request_of(two)


def test_a_sweep_starts_no_process_for_unchanged_runs(netlist, no_process):
    settings, data = netlist
    for _ in range(100):
        assert run_process.run_in_process(settings, data).design == "expmul"
    assert no_process == []


def test_a_revision_that_changes_nothing_is_recorded_without_a_run(
    netlist, no_process, tmp_path, monkeypatch
):
    settings, data = netlist
    engine = open_history(str(tmp_path / "history.db"))
    revisions = [f"{number:040x}" for number in range(100)]
    for revision in revisions:
        monkeypatch.setattr(recording, "git_state", lambda revision=revision: (revision, False))
        assert recording.run_and_record(engine, settings, data, lambda line: None) is None
    assert no_process == []
    runs = all_runs(engine)
    assert sorted(run["revision"] for run in runs) == revisions
    assert len({run["finished_at"] for run in runs}) == 1


def test_an_unchanged_revision_is_backfilled_without_a_run(netlist, no_process, tmp_path, monkeypatch):
    settings, data = netlist
    monkeypatch.setenv("EXPMUL_PDK_ROOT", str(data))
    engine = open_history(str(tmp_path / "history.db"))
    from flow.history.backfill import run_at

    assert run_at(engine, settings, ROOT, "0" * 40) == "nothing has changed"
    assert no_process == []
    assert len(all_runs(engine)) == 1


def test_a_kept_result_is_not_kept_again(netlist, tmp_path, monkeypatch):
    settings, _ = netlist
    result = read_result(result_path(settings.folder, "synth"))
    keep_run(tmp_path, result, settings.folder)
    monkeypatch.setattr(store, "write_result", pytest.fail)
    keep_run(tmp_path, result, settings.folder)
    kept_path(tmp_path, result.design, result.job, "synth").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(store, "write_result", write_result)
    keep_run(tmp_path, result, settings.folder)
    assert read_result(kept_path(tmp_path, result.design, result.job, "synth")) == result


def test_a_run_that_failed_a_check_fails_again(netlist):
    """The record does not ask what the result says: exit code and line are those of the run."""
    settings, data = netlist
    path, record = result_path(settings.folder, "synth"), record_path(settings)
    texts = path.read_text(encoding="utf-8"), record.read_text(encoding="utf-8")
    failing = json.loads(texts[0])
    failing["checks"]["router_drc"] = {"status": "fail", "detail": "3 violations", "figures": {}}
    path.write_text(json.dumps(failing), encoding="utf-8")
    made = json.loads(texts[1])
    made["left"][path.name] = tool_identity.sha256_of(path)
    record.write_text(json.dumps(made), encoding="utf-8")
    try:
        command = run_process.command_line(settings, data)
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, encoding="utf-8"
        )
        assert_one_line(done, 1, "sign-off", "router_drc: 3 violations")
        assert json.loads(done.stdout)["checks"]["router_drc"]["status"] == "fail"
    finally:
        path.write_text(texts[0], encoding="utf-8")
        record.write_text(texts[1], encoding="utf-8")


def test_each_file_of_the_steps_changes_the_digest_of_its_step_alone(tree):
    """What a step has of other files is its own; those after it run again because it does."""
    program = (
        "import json, sys; from pathlib import Path\n"
        "from flow.record.settings import make_settings; from flow.pipeline.project import make_project\n"
        "from flow.tools.pdk_data import find_data_root\n"
        "from flow.pipeline.step_digests import DIGEST_VARIABLE, Task\n"
        "from flow.pipeline import step_digests; from flow.record import provenance\n"
        "settings = make_settings('expmul', {}, 'nangate45', build_dir=Path(sys.argv[1]))\n"
        "root = find_data_root(settings.pdk, None)\n"
        "def digests():\n"
        "    tasks = Task.find_task(make_project(settings, root))\n"
        "    return {f'{task.tool()}/{task.task()}': task.get('env', DIGEST_VARIABLE) for task in tasks}\n"
        "before = digests(); found = {}\n"
        "for name in sys.argv[2:]:\n"
        "    path = Path(name); code = path.read_bytes(); path.write_bytes(code + b'\\n')\n"
        "    found[name] = sorted(task for task, value in digests().items() if value != before[task])\n"
        "    path.write_bytes(code)\n"
        "print(json.dumps(found))\n"
    )
    if not (pdk_root() / "lambdapdk" / "freepdk45").is_dir():
        skip_without("pdk")
    environment = os.environ | {"PYTHONPATH": str(tree), "EXPMUL_PDK_ROOT": str(pdk_root())}
    command = [sys.executable, "-c", program, str(tree / "build"), *STEP_FILES]
    done = subprocess.run(
        command, cwd=tree, env=environment, capture_output=True, text=True, check=True, encoding="utf-8"
    )
    changed = json.loads(done.stdout)
    tasks = {
        "convert": "myhdl/convert",
        "synthesis": "pyosys/synthesize",
        "floorplan.init": "openroad/init_floorplan",
        "place.detailed": "openroad/detailed_placement",
        "route.antenna_repair": "openroad/antenna_repair",
        "write.views": "openroad/write_data",
        "power.activity": "activity/simulate",
        "power.report": "openroad/report_power",
        "check.layout": "signoff/check_layout",
        "check.equivalence": "signoff/check_equivalence",
        "write.gds": "klayout_package/stream_out",
    }
    for name, step in STEP_FILES.items():
        assert tasks[step] in changed[name], (name, changed[name])
    assert changed["flow/pipeline/steps/stream_out.py"] == ["klayout_package/stream_out"]
    assert changed["flow/pipeline/steps/floorplan.py"] == ["openroad/init_floorplan"]


@pytest.fixture(scope="module")
def where_laid_out(tree, tmp_path_factory):
    """The words by which the copy's finished layout is run again."""
    if not (pdk_root() / "lambdapdk" / "freepdk45").is_dir():
        skip_without("pdk")
    words = ("--out", str(tmp_path_factory.mktemp("build")), "--pdk-root", str(pdk_root()))
    result_in(tree, *words)
    return words


@pytest.mark.slow
def test_a_changed_step_and_all_after_it_run_again(tree, where_laid_out):
    (folder,) = Path(where_laid_out[1]).glob("expmul/*/steps")

    def ran_since(before):
        return {step for step, at in starts().items() if at != before[step]}

    def starts():
        manifests = folder.glob("*/0/outputs/*.pkg.json")
        found = {}
        for path in manifests:
            step = path.parts[-4]
            record = json.loads(path.read_text(encoding="utf-8"))["record"]
            found[step] = json.dumps(record["starttime"]["node"].get(step))
        return found

    # Which step each file is behind is told by the test of their digests.
    for names, expected in (
        (
            ("write_views",),
            {"write.views", "power.activity", "power.report", "check.layout", "check.equivalence"},
        ),
        (
            ("report_power", "stream_out", "check_layout"),
            {"power.report", "write.gds", "check.geometry", "check.drc", "check.layout"},
        ),
    ):
        before = starts()
        for name in names:
            append(tree / "flow" / "pipeline" / "steps" / f"{name}.py")
        result_in(tree, *where_laid_out)
        again = ran_since(before)
        assert expected <= again
        assert not again & {"convert", "synthesis", "floorplan.init", "route.detailed"}


@pytest.mark.slow
def test_a_reverted_floorplan_has_its_own_die_again(tree, where_laid_out):
    """Row 1: the code of a step goes back to what it was, with the layout of the change in the folder.

    The last test of this layout: its later steps would have to run again.
    """
    words = (*where_laid_out, "--to", "place")
    first = result_in(tree, *words)
    path = tree / "flow" / "pipeline" / "steps" / "floorplan.py"
    code, times = path.read_text(encoding="utf-8"), path.stat()
    path.write_text(code.replace("core_side_um = max(", "core_side_um = 20 + max("), encoding="utf-8")
    wider = result_in(tree, *words)
    path.write_text(code, encoding="utf-8")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    back = result_in(tree, *words)
    assert first["metrics"]["die_area_um2"] == back["metrics"]["die_area_um2"] == 2265.76
    assert wider["metrics"]["die_area_um2"] == 4569.76
    assert first["sha256"] == back["sha256"]
