"""What checks at transistor level need to know of a PDK.

A PDK's own stands in `pdk_configs/<name>/transistors.py`, apart from its `config.py`: no step but those
checks depends on it, nor on the technology of Magic beside it.
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pdk_configs.pdk import CONFIGS_DIR, Pdk

FILE_NAME = "transistors.py"
TECHNOLOGY_SUFFIX = ".tech"


@dataclass(frozen=True)
class Transistors:
    """The cells' transistors in the library's netlists and in Magic.

    `foundry_technology` is the path, below a data root, of Magic's technology file with all design rules;
    `rules_style` its style of rules for a finished layout. `own_technology` is a file beside the PDK's
    configuration that extracts the cells and has no rules: it stands in where the data has no such file.
    `net_of_pin` maps the pins of supplies and bulks, which no netlist of gates has, to the top's nets.
    `transistors` and `resistors` map the models of the library's netlists to the devices that Magic extracts;
    `missing_devices` maps a cell to the devices that the library's netlist leaves out, as SPICE has them.
    """

    foundry_technology: str
    rules_style: str
    own_technology: Path
    net_of_pin: Mapping[str, str] = field(hash=False)
    transistors: Mapping[str, str] = field(hash=False)
    resistors: Mapping[str, str] = field(default_factory=dict, hash=False)
    missing_devices: Mapping[str, str] = field(default_factory=dict, hash=False)


def transistors_of(pdk: Pdk) -> Transistors | None:
    """Return what is known of `pdk`, None where its configuration has no such file."""
    if not (CONFIGS_DIR / pdk.name / FILE_NAME).exists():
        return None
    facts: Transistors = importlib.import_module(f"pdk_configs.{pdk.name}.transistors").TRANSISTORS
    return facts
