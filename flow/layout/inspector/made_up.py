"""A layout that nobody made: as many cells as asked for, to measure the page with."""

from typing import Any

import numpy as np

from flow.layout.inspector.facts import Facts

ROW_HEIGHT, SITE, SITES_OF_MASTER = 2800, 380, (2, 3, 4, 6, 9)
UNITS_PER_UM = 2000
LOADS, PIECES, VIAS = 3, 6, 8  # of each net, as in routed kernels
GROUPS = ("dot_product", "weigh", "divide", "accumulate")
LAYERS = tuple(f"metal{number}" for number in range(1, 11))


def made_up_facts(cells: int, seed: int = 0) -> Facts:
    """Return facts of `cells` cells in full rows, each driving a net to cells near it; the same each time."""
    random = np.random.default_rng(seed)
    master = random.integers(0, len(SITES_OF_MASTER), cells)
    sites = np.array(SITES_OF_MASTER)[master] + random.integers(0, 2, cells)  # a gap beside some
    ends = np.cumsum(sites)
    per_row = int(np.sqrt(ends[-1] * ROW_HEIGHT / SITE))
    row = (ends - 1) // per_row
    # A cell that would stand across a row's end begins at the next one's start.
    first = np.searchsorted(row, np.arange(row[-1] + 1))
    x = (ends - sites - (ends - sites)[first][row]) * SITE
    y = row * ROW_HEIGHT
    width, height = int(x.max()) + 12 * SITE, (int(row[-1]) + 1) * ROW_HEIGHT
    group = (4 * x // width).clip(0, len(GROUPS) - 1)
    numbers = np.arange(cells)
    owners = [numbers, *((numbers + random.integers(1, 40, cells)) % cells for _ in range(LOADS))]
    power = random.lognormal(-15, 1, cells)
    transitions = random.integers(0, 8192, cells)
    arrays: dict[str, Any] = {
        "x": x.astype(np.int32),
        "y": y.astype(np.int32),
        "master": master.astype(np.uint16),
        "orientation": np.zeros(cells, np.uint8),
        "group": group.astype(np.uint8),
        "unit": group.astype(np.uint16),
        "pin_start": (np.arange(cells + 1) * (1 + LOADS)).astype(np.uint32),
        "pin_owner": np.stack(owners, axis=1).ravel().astype(np.uint32),
        "pin_name": np.tile(np.arange(1 + LOADS), cells).astype(np.uint16),
        "driven": np.ones(cells, np.uint8),
        "piece_start": (np.arange(cells + 1) * PIECES).astype(np.uint32),
        "piece_layer": np.tile([1, 130, 1, 130, 3, 130], cells).astype(np.uint8),
        "piece_x": (np.repeat(x, PIECES) + random.integers(0, 9000, cells * PIECES)).astype(np.int32),
        "piece_y": (np.repeat(y, PIECES) + random.integers(0, 9000, cells * PIECES)).astype(np.int32),
        "piece_length": random.integers(-9000, 9000, cells * PIECES).astype(np.int32),
        "via_start": (np.arange(cells + 1) * VIAS).astype(np.uint32),
        "via_layer": np.tile([0, 1, 2, 1, 0, 1, 2, 1], cells).astype(np.uint8),
        "via_x": (np.repeat(x, VIAS) + random.integers(0, 9000, cells * VIAS)).astype(np.int32),
        "via_y": (np.repeat(y, VIAS) + random.integers(0, 9000, cells * VIAS)).astype(np.int32),
        "transitions_timed": transitions.astype(np.uint32),
        "transitions_zero_delay": (transitions // 2).astype(np.uint32),
    }
    for name, share in (("internal", 0.5), ("switching", 0.4), ("leakage", 0.1), ("power", 1.0)):
        arrays[name] = (share * power).astype(np.float32)
    arrays["glitch_power"] = (random.random(cells) * power).astype(np.float32)
    for name in ("setup_slack", "hold_slack"):
        arrays[name] = random.gamma(2, 1, cells).astype(np.float32)
    return Facts(tables_of(cells, width, height), arrays)


def tables_of(cells: int, width: int, height: int) -> dict[str, Any]:
    """Return what the page is told beside the arrays."""
    run = {
        "title": f"{cells:,} cells that nobody made",
        "design": "made_up",
        "pdk": "none",
        "corner": "none",
        "clock_ns": 5.0,
        "clocks": 4096,
        "revision": None,
        "metrics": {},
        "groups": {},
        "checks": {},
        "units_per_um": UNITS_PER_UM,
        "die": [0, 0, width, height],
        "core": [0, 0, width, height],
        "site_width": SITE,
        "row_height": ROW_HEIGHT,
    }
    return {
        "run": run,
        "cells": [f"weigh._{number}_" for number in range(cells)],
        "nets": [f"weigh._{number}_" for number in range(cells)],
        "ports": [],
        "masters": [
            [f"M{sites}_X1", sites * SITE / UNITS_PER_UM, ROW_HEIGHT / UNITS_PER_UM]
            for sites in SITES_OF_MASTER
        ],
        "groups": list(GROUPS),
        "units": list(GROUPS),
        "unit_facts": [{"module": "", "says": "", "source": "", "parts": []} for _ in GROUPS],
        "pins": ["Z", *(f"A{number}" for number in range(LOADS))],
        "orientations": ["N"],
        "layers": [[name, 0.07] for name in LAYERS],
        "timing": None,
        "markers": [],
        "clock_net": "clk",
    }
