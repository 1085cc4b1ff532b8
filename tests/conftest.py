"""What holds for every test: who runs it, and what becomes of one that lacks something."""

import os
from collections import Counter

import pytest
from hypothesis import HealthCheck, settings
from needs import VARIABLE, required, skip_without

from flow.common.errors import UserError
from flow.tools.icarus import find_icarus

QUICK = "not slow"  # what `make test` asks for

# No property fails because a busy machine takes long over an example.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config):
    config.required = required(os.environ.get(VARIABLE, ""))
    config.left_out = 0


def pytest_deselected(items):
    """Count the slow tests that `make test` leaves out."""
    for item in items:
        item.config.left_out += item.get_closest_marker("slow") is not None


def pytest_sessionfinish(session):
    """Tell the process that prints, where this one is pytest-xdist's."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = session.config.left_out


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    """Hear it: every process has collected all tests."""
    told = getattr(node, "workeroutput", {}).get("left_out", 0)
    node.config.left_out = max(node.config.left_out, told)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Make a failure of a skip for want of what $EXPMUL_REQUIRE names; `all` covers every skip."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if {"all", reason.partition(":")[0]} & item.config.required:
            report.outcome = "failed"
            report.longrepr = f"skipped, though ${VARIABLE} asks for it: {reason}"
    return report


def pytest_terminal_summary(terminalreporter):
    """Say in one line for each reason how many tests were skipped, and what would enable them.

    And in one line how many slow ones were left out.
    """
    skipped = terminalreporter.getreports("skipped")
    reasons = Counter(report.longrepr[2].removeprefix("Skipped: ") for report in skipped)
    if reasons:
        terminalreporter.section("skipped, and what would enable it")
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason}")
    config = terminalreporter.config
    if config.option.markexpr == QUICK and config.left_out:
        terminalreporter.section("left out")
        terminalreporter.write_line(f"{config.left_out} slow tests: `make test-all` runs them too")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Keep the tests of a file in one process, but for those marked `spread`; begin with the long ones.

    Tests of one group share what a fixture builds; the order is by groups, so that none is torn apart.
    First, because pytest-xdist's own hook reads the groups.
    """
    for item in items:
        spread = item.get_closest_marker("spread") or item.get_closest_marker("xdist_group")
        if not spread:
            item.add_marker(pytest.mark.xdist_group(item.path.name))
    long = {group(item) for item in items if is_long(item)}
    items.sort(key=lambda item: (group(item) not in long, not item.get_closest_marker("xdist_group")))


def is_long(item):
    """Whether the test is marked slow or, as a layout, given more time than others."""
    return item.get_closest_marker("slow") is not None or item.get_closest_marker("timeout") is not None


def group(item):
    """Return the name of the tests that run in one process with `item`."""
    marker = item.get_closest_marker("xdist_group")
    return marker.args[0] if marker else item.nodeid


@pytest.fixture(scope="session")
def icarus():
    """Icarus Verilog's two commands."""
    try:
        return find_icarus()
    except UserError:
        skip_without("icarus")
