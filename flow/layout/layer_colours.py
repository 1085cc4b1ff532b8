"""The PDK's own colours of its layers, from KLayout's layer file."""

from pathlib import Path
from typing import Any

from klayout import lay

from flow.layout.drawn import name_of
from flow.record.settings import find_pdk
from flow.tools.pdk_data import find_data_root


def layer_file(pdk_name: str, pdk_root: Path | None) -> Path | None:
    """Return the PDK's file of layer names and colours, None where it has none."""
    pdk = find_pdk(pdk_name)
    library = pdk.make_library(find_data_root(pdk, pdk_root))
    (technology,) = [part for part in library.get_dep() if part.name == library.get("asic", "pdk")]
    files = technology.find_files("fileset", "klayout.techmap", "file", "display")
    return Path(files[0]) if files else None


def layer_colours(path: Path | None) -> dict[str, str]:
    """Return the colours of a layer file as #rrggbb by the layers' names, the first of each name."""
    if path is None:
        return {}
    view: Any = lay.LayoutView()
    view.load_layer_props(str(path))
    colours: dict[str, str] = {}
    for node in view.each_layer():
        if not node.has_children():
            name = name_of(node).removesuffix(" drawing")
            colours.setdefault(name, f"#{node.eff_frame_color() & 0xFFFFFF:06x}")
    return colours
