from pathlib import Path

import pytest

from flow.common.errors import UserError
from flow.record.settings import make_settings


def settings(design="expmul", given=None, **options):
    return make_settings(design, given or {}, **options)


def test_defaults_are_bf16_eight_lanes_on_nangate45():
    made = settings()
    assert made.parameters == {"format": "bf16", "lanes": 8, "fraction_bits": 11}
    assert (made.pdk.name, made.clock_ns, made.depth) == ("nangate45", made.pdk.default_clock_ns, "gds")


def test_same_settings_share_a_job_and_others_do_not():
    jobs = [
        settings().job,
        settings(given={"lanes": 4}).job,
        settings(given={"format": "e4m3"}).job,
        settings(clock_ns=4.5).job,
        settings(pdk_name="sky130").job,
        settings(utilization_percent=45.0).job,
        settings(padding_sites=1).job,
    ]
    assert settings().job == settings(utilization_percent=60.0).job == jobs[0]
    assert settings(padding_sites=0).job == jobs[0]
    assert len(set(jobs)) == len(jobs)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"design": "expmull"}, "unknown design 'expmull': did you mean 'expmul'?"),
        ({"pdk_name": "nangate"}, "unknown PDK 'nangate': did you mean 'nangate45'?"),
        ({"given": {"format": "bf61"}}, "unknown format 'bf61': did you mean 'bf16'?"),
        ({"given": {"format": "e9m3"}}, "format e9m3: exponent of 9 bits, must be 2 to 8"),
        ({"given": {"lanes": 0}}, "lanes must be an integer from 1 to 256, not 0"),
        ({"given": {"lanes": -3}}, "lanes must be an integer from 1 to 256, not -3"),
        ({"clock_ns": -1.0}, "clock period of -1 ns: it must be 0.01 to 1000"),
        ({"clock_ns": 0.0}, "clock period of 0 ns: it must be 0.01 to 1000"),
        ({"clock_ns": float("nan")}, "clock period of nan ns: it must be 0.01 to 1000"),
        ({"depth": "gdss"}, "unknown depth 'gdss': did you mean 'gds'?"),
        ({"job": "../up"}, "job name '../up': letters, digits and underscores only"),
        ({"utilization_percent": 99.0}, "--utilization 99: it must be 5 to 85 percent"),
        ({"padding_sites": 9}, "--padding 9: it must be 0 to 8 sites"),
        ({"padding_sites": -1}, "--padding -1: it must be 0 to 8 sites"),
        ({"padding_sites": 1.5}, "padding 1.5: it must be a whole number"),
        ({"jobs": 0}, "--jobs 0: at least 1"),
        ({"design": 5}, "design 5: it must be a name"),
        ({"given": 5}, "parameters 5: they must be names with values"),
        ({"given": {"format": 5}}, "format 5: it must be a name"),
        ({"clock_ns": "5"}, "clock '5': it must be a number"),
        ({"seed": "x"}, "seed 'x': it must be a whole number"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_cure(arguments, message):
    with pytest.raises(UserError) as caught:
        settings(**arguments)
    assert str(caught.value) == message


def test_an_unknown_parameter_is_named():
    with pytest.raises(
        UserError, match=r"design expmul has no parameter 'width': there are format, lanes, fraction_bits"
    ):
        settings(given={"width": 3})


def test_a_run_with_another_utilization_is_another_run_with_as_much_room_in_placement():
    usual, loose = settings(), settings(utilization_percent=45.0)
    assert loose.identity() == usual.identity() | {"target_utilization_percent": 45.0}
    assert usual.placement_density - loose.placement_density == pytest.approx(0.15)


def test_the_folder_lies_below_the_build_folder():
    assert settings(build_dir=Path("/b"), job="x").folder == Path("/b/expmul/x")


def test_the_frame_is_in_the_name_where_it_is_not_the_default():
    usual = settings("fa2_baseline")
    assert usual.parameters == {"format": "bf16", "d": 16, "value_timing": "with_key"}
    assert settings("fa2_baseline", {"products": "two"}) == usual
    single = settings("fa2_baseline", {"products": "one"})
    assert single.job == "nangate45_bf16_d16_with_key_products_one_5ns"
    assert single.identity() != usual.identity()
