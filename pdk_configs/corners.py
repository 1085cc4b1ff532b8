"""The operating points at which a PDK's cells are characterised, slow to fast.

A PDK's own stand in `pdk_configs/<name>/corners.py`, apart from its `config.py`: no step but the one that
times a finished layout again depends on them.
"""

import importlib
from dataclasses import dataclass

from pdk_configs.pdk import CONFIGS_DIR, Pdk

ORDER = ("slow", "typical", "fast")
TYPICAL_PROCESS = "tt"
FILE_NAME = "corners.py"


@dataclass(frozen=True)
class Corner:
    """One operating point.

    `name`, of ORDER, is the library's for it in SiliconCompiler; `process` is the transistors', such as `ss`;
    `liberty` are the names of its Liberty files, empty where they are those of the PDK's configuration.
    """

    name: str
    process: str
    voltage_v: float
    temperature_c: float
    liberty: tuple[str, ...] = ()


def corners_of(pdk: Pdk) -> tuple[Corner, ...]:
    """Return the corners of `pdk`, slow to fast: its configuration's, and those of its `corners.py`."""
    typical = Corner(pdk.corner, TYPICAL_PROCESS, pdk.voltage_v, pdk.temperature_c)
    others: tuple[Corner, ...] = ()
    if (CONFIGS_DIR / pdk.name / FILE_NAME).exists():
        others = importlib.import_module(f"pdk_configs.{pdk.name}.corners").CORNERS
    return tuple(sorted((typical, *others), key=lambda corner: ORDER.index(corner.name)))
