"""The viewer draws whatever window shows something of the layout, and says what it cannot draw."""

import math
from pathlib import Path

import pytest
from flow_command import ROOT, assert_one_line, run_command
from klayout import db
from PIL import Image

from flow.layout.drawn import DrawnLayout
from flow.layout.window import RATIO_MAX, check_window, picture_size_px, widened

DIE = (0.0, 0.0, 40.0, 30.0)
KEPT = next((ROOT / "reports" / "results" / "fa2_expmul").glob("*/placement.npz")).parent


@pytest.mark.parametrize(
    ("window", "reason"),
    [
        ((10.0, 10.0, 5.0, 20.0), "it is empty"),
        ((10.0, 10.0, 10.0, 20.0), "it is empty"),
        ((math.nan, 0.0, 1.0, 1.0), "numbers"),
        ((0.0, 0.0, math.inf, 1.0), "numbers"),
        ((-math.inf, 0.0, 1.0, 1.0), "numbers"),
        ((100.0, 100.0, 110.0, 110.0), "nothing of the layout"),
        ((40.0, 0.0, 50.0, 30.0), "nothing of the layout"),
        ((0.0, 0.0, 1e300, 1e300), "a side above"),
        ((1.0, 1.0, 1.0 + 1e-9, 2.0), "a side below"),
    ],
)
def test_a_window_that_shows_nothing_is_refused(window, reason):
    with pytest.raises(ValueError, match=reason):
        check_window(window, DIE)


@pytest.mark.parametrize("window", [(10.0, 10.0, 10.01, 30.0), (0.0, 1.0, 40.0, 1.01), DIE])
def test_a_pictures_longer_side_is_limited_and_its_shorter_is_wide_enough(window):
    check_window(window, DIE)
    shown = widened(window)
    sides = picture_size_px(shown, 1600)
    assert max(sides) == 1600
    assert min(sides) >= 1600 / RATIO_MAX - 1
    assert (shown[0] + shown[2]) / 2 == pytest.approx((window[0] + window[2]) / 2)


def drawn(tmp_path):
    layout = db.Layout()
    layout.create_cell("top").shapes(layout.layer(1, 0)).insert(db.Box(0, 0, 40_000, 30_000))
    layout.write(str(tmp_path / "top.gds"))
    return DrawnLayout(Path(tmp_path / "top.gds"), None)


@pytest.mark.parametrize(
    ("window", "size"),
    [
        (DIE, (1600, 3_200_000)),
        (DIE, (0, 10)),
        ((math.nan, 0, 1, 1), (10, 10)),
        ((0, 0, math.inf, 1), (10, 10)),
        ((0, 0, 1e300, 1), (10, 10)),
        ((5, 5, 1, 1), (10, 10)),
    ],
)
def test_klayout_is_not_asked_for_what_ends_it(tmp_path, window, size):
    with pytest.raises(ValueError, match=r"a picture of|window"):
        drawn(tmp_path).picture(window, *size)


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (("--window", "nan,0,1,1"), "'nan' is no number"),
        (("--window", "0,0,inf,1"), "'inf' is no number"),
        (("--window", "0,0,1"), "is not X0,Y0,X1,Y1"),
        (("--window", "0,0,1_0,10"), "'1_0' is no number"),
        (("--window", "20,20,10,10"), "--window: 20,20,10,10 is empty"),
        (("--window", "5000,5000,5010,5010"), "nothing of the layout is in it"),
        (("--window", "0,0,1e9,1e9"), "a side above"),
        (("--window", ""), "is not X0,Y0,X1,Y1"),
        (("--highlight", "no_such"), "unknown group 'no_such': there are"),
        (("--highlight", ""), "unknown group ''"),
        (("--layers", ""), "a name is empty"),
        (("--layers", "metal1,metal1"), "metal1 is named twice"),
    ],
)
def test_what_cannot_be_drawn_is_one_line(tmp_path, words, part):
    done = run_command("view.py", KEPT, "--png", "--out", tmp_path, *words)
    assert_one_line(done, 2, part)


def test_a_narrow_window_of_the_cells_is_a_picture_that_can_be_looked_at(tmp_path):
    done = run_command("view.py", KEPT, "--png", "--out", tmp_path, "--window", "10,10,10.01,30")
    assert done.returncode == 0, done.stderr
    width, height = Image.open(tmp_path / "layout.png").size
    assert 50 < width <= 1900
    assert 50 < height <= 1900


def test_an_option_without_what_it_is_for_is_refused(tmp_path):
    done = run_command("view.py", KEPT, "--stats", "--window", "0,0,1,1", "--out", tmp_path)
    assert_one_line(done, 2, "--window is for --png")
