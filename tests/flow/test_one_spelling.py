"""One spelling for each input; what is said twice is an error, not the last one's win."""

import re

import pytest
from flow_command import assert_one_line, run_command, run_flow

from flow.common.decimals import quantity, shortest, whole_number
from flow.common.errors import UserError
from flow.history.suite import read_suite
from flow.record.constraints import write_sdc, write_sdc_decimals
from flow.record.settings import make_settings
from hdl.formats import NAMED_FORMATS, parse_format

SHORT = ("--design", "expmul", "--to", "verilog")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("e04m03", "format e04m03: its name is e4m3"),
        ("e8m7", "format e8m7: its name is bf16"),
        ("e08m7", "format e08m7: its name is bf16"),
        ("e6m09", "format e6m09: its name is e6m9"),
        ("E4M3", "unknown format 'E4M3': did you mean 'e4m3'?"),
        (" bf16", "unknown format ' bf16': did you mean 'bf16'?"),
        ("bf16\n", "unknown format 'bf16\n': did you mean 'bf16'?"),
        ("e٤m3", "unknown format 'e٤m3'"),
        ("e4m3x", "unknown format 'e4m3x'"),
        ("", "unknown format ''"),
    ],
)
def test_a_format_has_one_name(name, message):
    with pytest.raises(UserError) as caught:
        make_settings("expmul", {"format": name})
    assert str(caught.value).startswith(message)


def test_the_canonical_names_are_taken():
    for name in (*NAMED_FORMATS, "e2m1", "e5m10", "e8m23"):
        assert parse_format(name).name == name


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--lanes", "4", "--set", "lanes=1"), "lanes is given twice"),
        (("--lanes", "4", "--set", "lanes=4"), "lanes is given twice"),
        (("--set", "lanes=1", "--set", "lanes=2"), "lanes is given twice"),
        (("--format", "bf16", "--set", "format=e4m3"), "format is given twice"),
        (("--format", "bf16", "--format", "e4m3"), "--format: given twice"),
        (("--clock", "5", "--clock", "6"), "--clock: given twice"),
        (("--set", "lanes=+4"), "lanes must be an integer from 1 to 256, not '+4'"),
        (("--set", "lanes=0x4"), "not '0x4'"),
        (("--set", "lanes=1_0"), "not '1_0'"),
        (("--set", "lanes=04"), "not '04'"),
        (("--set", "lanes=٣"), "not '٣'"),
        (("--set", f"lanes={'9' * 6000}"), "lanes must be an integer"),
        (("--lanes", "1_0"), "'1_0' is no whole number"),
        (("--lanes", "٣"), "is no whole number"),
        (("--seed", "9" * 6000), "is no whole number"),
        (("--clock", "nan"), "'nan' is no number"),
        (("--clock", "1e999"), "'1e999' is no number"),
        (("--clock", "1_0"), "'1_0' is no number"),
        (("--utilization", "inf"), "'inf' is no number"),
        (("--clock", "1000.0001"), "clock period of 1000.0001 ns"),
    ],
)
def test_a_conflict_and_an_odd_number_exit_with_2(tmp_path, words, part):
    assert_one_line(run_flow(*SHORT, *words, out=tmp_path), 2, part)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--dims", "16,16"), "16 is named twice"),
        (("--dims", "16,0x10"), "'0x10' is no whole number"),
        (("--dims", "16,"), "a name is empty"),
        (("--formats", "bf16,bf16"), "bf16 is named twice"),
        (("--formats", "bf16,e8m7"), "format e8m7: its name is bf16"),
        (("--kernels", "fa2_expmul,fa2_expmul"), "fa2_expmul is named twice"),
        (("--clock", "5,5.0"), "5.0 is named twice"),
        (("--utilization", "nan"), "'nan' is no number"),
        (("--pdk", ""), "a name is empty"),
    ],
)
def test_a_list_names_each_thing_once(tmp_path, words, part):
    done = run_command("compare.py", "--no-run", "--reports", tmp_path, "--out", tmp_path, *words)
    assert_one_line(done, 2, part)


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ('design = "expmul"\nparameters = { format = "e04m03" }', "its name is e4m3"),
        ('design = "expmul"\nparameters = { lanes = true }', "lanes must be an integer"),
        ('design = "expmul"\nparameters = { lanes = "4" }', "lanes must be an integer"),
        ('design = ["expmul", "expmul"]', "is in run 1 already"),
        ('design = "expmul"\n[[run]]\ndesign = "expmul"\nclock_ns = 5', "run 2: expmul"),
        ('design = "expmul"\nclock_ns = nan', "clock period of nan"),
        (f'design = "expmul"\nclock_ns = {"9" * 400}', "clock: a number of more than 300 digits"),
        ("design = []", "has no runs"),
    ],
)
def test_a_suite_is_held_to_the_same(tmp_path, content, part):
    path = tmp_path / "suite.toml"
    path.write_text("[[run]]\n" + content, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(part)):
        read_suite(str(path), tmp_path, 1)


@pytest.mark.parametrize(
    ("clock_ns", "unit_ns", "period", "delay"),
    [
        (999.9999, 1.0, "999.9999", "199.99998"),
        (1.23456789, 0.001, "1234.56789", "246.913578"),
        (5.0, 1.0, "5", "1"),
        (5.0, 0.001, "5000", "1000"),
        (4.85, 1.0, "4.85", "0.97"),
        (0.1 + 0.2, 1.0, "0.30000000000000004", "0.060000000000000008"),
    ],
)
def test_the_constraints_have_every_digit_of_the_clock(tmp_path, clock_ns, unit_ns, period, delay):
    write_sdc(tmp_path / "a.sdc", clock_ns, unit_ns)
    text = (tmp_path / "a.sdc").read_text(encoding="utf-8")
    assert f"-period {period} [" in text
    assert text.count(f"put_delay {delay} ") == 2


def test_the_steps_hand_a_clock_of_many_digits_on(tmp_path):
    assert not write_sdc_decimals(tmp_path / "a.tcl", 999.9999, 1.0)
    assert write_sdc_decimals(tmp_path / "a.tcl", 1.23456789, 1.0)
    assert "-digits 8 " in (tmp_path / "a.tcl").read_text(encoding="utf-8")


def test_jobs_of_clocks_that_differ_in_the_last_digit_differ():
    first, second = (make_settings("expmul", {}, clock_ns=ns).job for ns in (5.000000000000001, 5.0))
    assert first != second
    assert make_settings("expmul", {}, clock_ns=5).identity() == make_settings("expmul", {}).identity()


def test_numbers_read_back():
    for value in (5.0, 0.01, 1000.0, 999.9999, 1e-7, 1.2345678901234567):
        assert quantity(shortest(value)) == value
    assert (shortest(5.0), shortest(1000.0), whole_number("-3")) == ("5", "1000", -3)
