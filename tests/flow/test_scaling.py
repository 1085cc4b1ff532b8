"""Scaling to 28 nm: against the check values that its sources publish, and a worked example."""

import pytest

from flow.reproduction import scaling_models as scaling


def test_energy_of_the_erratum():
    energy = scaling.fitted(32, "energy", 0.9)
    assert energy == pytest.approx(0.4571, abs=5e-5)
    assert energy / 2.604 == pytest.approx(0.1755, abs=1e-4)  # over 65 nm at 1.3 V


@pytest.mark.parametrize(
    ("node_nm", "voltage_v", "delay"), [(45, 1.0, 12.5), (32, 0.9, 8.36), (20, 0.9, 9.47), (7, 0.7, 3.24)]
)
def test_delay_of_the_fits(node_nm, voltage_v, delay):
    assert scaling.fitted(node_nm, "delay", voltage_v) == pytest.approx(delay, rel=0.005)


@pytest.mark.parametrize(
    ("node_nm", "voltage_v", "area", "area_log", "delay", "energy", "power"),
    [(130, 1.3, 0.059, 0.0577, 0.273, 0.059, 0.063), (45, 1.0, 0.377, 0.368, 0.698, 0.43, 0.47)],
)
def test_worked_example(node_nm, voltage_v, area, area_log, delay, energy, power):
    factors = scaling.AREA_FACTORS[node_nm]
    assert scaling.between(*factors, False) == pytest.approx(area, rel=0.005)
    assert scaling.between(*factors, True) == pytest.approx(area_log, rel=0.005)
    for quantity, factor in (("delay", delay), ("energy", energy), ("power", power)):
        assert scaling.stillmaker_factor(node_nm, quantity, voltage_v, False) == pytest.approx(
            factor, rel=0.015
        )


def test_deepscale_ratios_of_the_worked_example():
    factors = scaling.scale_to_28nm(130, 1.8)
    assert factors.area.smallest == pytest.approx(0.042, rel=0.01)
    assert factors.delay.largest == pytest.approx(0.342, rel=0.01)
    assert factors.energy.largest == pytest.approx(0.147, rel=0.01)
    factors = scaling.scale_to_28nm(45, 1.1)
    assert factors.area.smallest == pytest.approx(0.350) and factors.area.largest == pytest.approx(
        0.377, rel=0.01
    )
    assert factors.energy.largest == pytest.approx(0.587, rel=0.01)


def test_voltage_stays_within_the_fit():
    assert scaling.scale_to_28nm(45, 1.1).voltage_v == 1.0
    with pytest.raises(ValueError, match="outside the fit"):
        scaling.fitted(45, "delay", 1.1)


def test_area_from_7_nm_is_not_taken_from_deepscale():
    factors = scaling.scale_to_28nm(7, 0.7)
    assert 6.2 < factors.area.smallest <= factors.area.largest < 6.5


def test_node_without_a_fit_is_refused():
    with pytest.raises(ValueError, match="180 nm"):
        scaling.scale_to_28nm(180, 1.8)
