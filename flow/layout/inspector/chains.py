"""Wires of nets as chains: most pieces begin where one before them ended, most vias are at a piece's end.

`chains.js` makes pieces and vias of them again. Points of a net are the ends of its pieces in their order,
and a start where it is not the point before.
"""

from typing import Any

import numpy as np

from flow.layout.inspector.facts import ALONG_Y, PORTS_FROM, Array

COMMON_LENGTHS = 8


def chains(arrays: dict[str, Array], ports: list[list[Any]]) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the wires' arrays and what is told once.

    By net: `chain_pieces`, how many. By piece: `piece_layer`, with ALONG_Y added where it goes along y;
    `piece_back`, how many points back it begins, 0 where it begins elsewhere; its way as `piece_coarse`
    pitches and `piece_rest`; the vias at its start and at its end that are not told yet, as an index of
    `via_sets`, whose bits are lower layers. By piece that begins elsewhere: the first of a net from its pin
    `first_pin`, any other from the last point. What is left of the vias is in `lone_net`, `lone_set`,
    `lone_x`, `lone_y`.
    """
    layer = arrays["piece_layer"]
    x, y, length = (arrays[name].astype(np.int64) for name in ("piece_x", "piece_y", "piece_length"))
    upright = layer >= ALONG_Y
    ends = list(
        zip(
            (x + np.where(upright, 0, length)).tolist(),
            (y + np.where(upright, length, 0)).tolist(),
            strict=True,
        )
    )
    starts = list(zip(x.tolist(), y.tolist(), strict=True))
    pitches = [pitch_of(length[~upright]), pitch_of(length[upright])]
    pitch = np.where(upright, pitches[1], pitches[0])
    coarse = np.rint(length / pitch).astype(np.int64)
    anchors = anchor_places(arrays, ports)
    pin_start, piece_start, via_start = (
        arrays[name].tolist() for name in ("pin_start", "piece_start", "via_start")
    )
    via_places = list(zip(arrays["via_x"].tolist(), arrays["via_y"].tolist(), strict=True))
    via_layers = arrays["via_layer"].tolist()
    back: list[int] = []
    sets_from: list[int] = []
    sets_to: list[int] = []
    first: list[tuple[int, int, int]] = []
    elsewhere: list[tuple[int, int]] = []
    lone: list[tuple[int, int, int, int]] = []
    set_number: dict[int, int] = {0: 0}
    for net in range(len(piece_start) - 1):
        vias: dict[tuple[int, int], int] = {}
        for via in range(via_start[net], via_start[net + 1]):
            vias[via_places[via]] = vias.get(via_places[via], 0) | 1 << via_layers[via]
        points: list[tuple[int, int]] = []
        latest: dict[tuple[int, int], int] = {}
        for piece in range(piece_start[net], piece_start[net + 1]):
            start, end = starts[piece], ends[piece]
            back.append(len(points) - latest[start] if start in latest else 0)
            if start not in latest:
                if points:
                    elsewhere.append((start[0] - points[-1][0], start[1] - points[-1][1]))
                else:
                    first.append(nearest_pin(start, anchors[pin_start[net] : pin_start[net + 1]]))
            for point, sets in ((start, sets_from), (end, sets_to)):
                sets.append(set_number.setdefault(vias.pop(point, 0), len(set_number)))
                if not points or points[-1] != point:
                    latest[point] = len(points)
                    points.append(point)
        lone += [(net, set_number.setdefault(held, len(set_number)), *place) for place, held in vias.items()]
    first_table = np.array(first, np.int64).reshape(-1, 3)
    elsewhere_table = np.array(elsewhere, np.int64).reshape(-1, 2)
    lone_table = np.array(lone, np.int64).reshape(-1, 4)
    made: dict[str, Array] = {
        "chain_pieces": np.diff(arrays["piece_start"].astype(np.int64)),
        "piece_layer": layer.astype(np.int64),
        "piece_back": np.array(back, np.int64),
        "piece_coarse": coarse,
        "piece_rest": length - coarse * pitch,
        "vias_from": np.array(sets_from, np.int64),
        "vias_to": np.array(sets_to, np.int64),
        "first_pin": first_table[:, 0],
        "first_x": first_table[:, 1],
        "first_y": first_table[:, 2],
        "elsewhere_x": elsewhere_table[:, 0],
        "elsewhere_y": elsewhere_table[:, 1],
        "lone_net": lone_table[:, 0],
        "lone_set": lone_table[:, 1],
        "lone_x": lone_table[:, 2],
        "lone_y": lone_table[:, 3],
    }
    return made, {"pitches": pitches, "via_sets": list(set_number)}


def pitch_of(lengths: Array) -> int:
    """Return the step of which the most common lengths are multiples, 1 of none."""
    values, counts = np.unique(np.abs(lengths), return_counts=True)
    common = values[np.lexsort((values, -counts))][:COMMON_LENGTHS]
    return int(np.gcd.reduce(common)) if len(common) else 1


def anchor_places(arrays: dict[str, Array], ports: list[list[Any]]) -> list[tuple[int, int]]:
    """Return a place of each pin's owner: a cell's lower left corner, or the port itself."""
    owners = arrays["pin_owner"].tolist()
    x, y = arrays["x"].tolist(), arrays["y"].tolist()
    return [
        (x[owner], y[owner]) if owner < PORTS_FROM else tuple(ports[owner - PORTS_FROM][2:4])
        for owner in owners
    ]


def nearest_pin(place: tuple[int, int], anchors: list[tuple[int, int]]) -> tuple[int, int, int]:
    """Return which of a net's pins is nearest, and the way from its place; without pins from (0, 0)."""
    ways = [(place[0] - x, place[1] - y) for x, y in anchors] or [place]
    pin = min(range(len(ways)), key=lambda number: abs(ways[number][0]) + abs(ways[number][1]))
    return pin, *ways[pin]
