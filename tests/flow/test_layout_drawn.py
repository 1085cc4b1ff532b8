"""The GDS itself: named layers as a picture, and in the browser."""

import io
import json
import threading
import urllib.error
import urllib.request

import numpy as np
import pytest
from klayout import db
from PIL import Image

from flow.common.errors import UserError
from flow.layout.drawn import DrawnLayout
from flow.layout.web import LOOPBACK, LayoutServer


@pytest.fixture
def gds(tmp_path):
    """A layout of 10 by 10 um: a box on layer 1/0 on the left, one on 2/0 on the right."""
    layout = db.Layout()
    top = layout.create_cell("top")
    for number, left in ((1, 0), (2, 6000)):
        top.shapes(layout.layer(number, 0)).insert(db.Box(left, 0, left + 4000, 10_000))
    layout.layer(3, 0)
    path = tmp_path / "top.gds"
    layout.write(str(path))
    return path


@pytest.fixture
def server(gds):
    """The layout in the browser, for the time of a test."""
    with LayoutServer([DrawnLayout(gds, None)], "a page") as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("L"), dtype=float)


def get(server, path):
    with urllib.request.urlopen(server.address + path) as answer:
        return answer.read()


def query(**changes):
    values = {"x0": 0, "y0": 0, "x1": 10, "y1": 10, "width": 100, "height": 100} | changes
    return "picture?" + "&".join(f"{name}={value}" for name, value in values.items())


def varied(image):
    """Whether a part of a picture holds more than its background."""
    return image.std() > 1


def test_only_layers_with_shapes_are_offered_and_only_those_asked_for_are_drawn(gds):
    drawn = DrawnLayout(gds, None)
    assert drawn.layers == ["1/0", "2/0"]
    assert drawn.die_um == (0, 0, 10, 10)
    drawn.show(["1/0"])
    image = pixels(drawn.picture(drawn.die_um, 100, 100))
    assert image.shape == (100, 100)
    assert varied(image[:, :45])
    assert not varied(image[10:90, 60:])


def test_an_unknown_layer_and_a_file_that_is_no_layout_are_one_line(gds, tmp_path):
    with pytest.raises(UserError, match="no layer 'metal1': there are 1/0, 2/0"):
        DrawnLayout(gds, None).show(["metal1"])
    broken = tmp_path / "broken.gds"
    broken.write_text("not a layout", encoding="utf-8")
    with pytest.raises(UserError, match="is not a layout"):
        DrawnLayout(broken, None)


def test_the_server_answers_on_this_machine_alone_and_refuses_broken_queries(server):
    assert server.server_address[0] == LOOPBACK
    assert json.loads(get(server, "layers")) == ["1/0", "2/0"]
    both = pixels(get(server, query()))
    assert varied(both[:, :45])
    assert varied(both[:, 55:])
    right = pixels(get(server, query(layers="2/0", width=50)))
    assert right.shape == (100, 50)
    for broken in (query(x1=0), query(width=100000), query(height="x"), "picture", "nothing"):
        with pytest.raises(urllib.error.HTTPError) as caught:
            get(server, broken)
        assert caught.value.code in (400, 404)
