"""The layout against the netlist after it: every cell and every connection of the routed DEF."""

from collections.abc import Mapping

from flow.formats.def_file import DefFile
from flow.formats.liberty import Cell
from flow.signoff.traced_netlist import TracedNetlist

# What DEF writes in the place of an instance for a port of the design.
PORT = "PIN"

# (instance, pin), or (PORT, bit).
Pin = tuple[str, str]


def expected_nets(netlist: TracedNetlist, layout: DefFile) -> dict[Pin, str]:
    """Return the net of each pin of a signal and of each port, of supplies too, by the netlist's names.

    What the layout alone has, antenna diodes and the like, is on the netlist's net that its DEF joins it to.
    """
    expected = {
        (name, pin): net for name, instance in netlist.instances.items() for pin, net in instance.nets.items()
    }
    supplies = set(layout.supply_of_pin.values())
    expected |= {(PORT, bit): netlist.net(bit) for bit in netlist.ports if bit not in supplies}
    expected |= {(PORT, supply): supply for supply in supplies}
    net_of_def = {
        name: expected[pin] for name, net in layout.nets.items() for pin in net.pins if pin in expected
    }
    for name, net in layout.nets.items():
        for pin in net.pins:
            if pin not in expected and pin[0] in layout.components:
                expected[pin] = net_of_def.get(name, name)
    return expected


def compare_layout(layout: DefFile, netlist: TracedNetlist, cells: Mapping[str, Cell]) -> list[str]:
    """Return how `layout` differs from `netlist`, in the order of the names.

    Every cell of the netlist is placed with its master; the nets join the same pins; a net of several
    pins has wires. Cells that only the layout has drive nothing: fillers and well taps are connected to no
    signal, antenna diodes have no output in the library `cells`.
    """
    return [*_compare_cells(layout, netlist), *_compare_nets(layout, netlist, cells)]


def _is_diode(name: str, layout: DefFile, netlist: TracedNetlist, cells: Mapping[str, Cell]) -> bool:
    """Return whether the layout put in the cell called `name` to take charge off a net."""
    if name in netlist.instances or name not in layout.components:
        return False
    cell = cells.get(layout.components[name].master)
    return cell is not None and not cell.outputs and cell.state is None


def _compare_cells(layout: DefFile, netlist: TracedNetlist) -> list[str]:
    differences = []
    for name, instance in sorted(netlist.instances.items()):
        component = layout.components.get(name)
        if component is None:
            differences.append(f"cell {name} is not in the layout")
        elif component.master != instance.cell_name:
            differences.append(f"cell {name} is {component.master} in the layout, not {instance.cell_name}")
        elif component.x is None:
            differences.append(f"cell {name} is not placed")
    return differences


def _compare_nets(layout: DefFile, netlist: TracedNetlist, cells: Mapping[str, Cell]) -> list[str]:
    differences = []
    open_pins = {
        (name, pin): net for name, instance in netlist.instances.items() for pin, net in instance.nets.items()
    }
    open_pins |= {(PORT, bit): netlist.net(bit) for bit in netlist.ports}
    name_in_layout: dict[str, str] = {}
    for name, net in sorted(layout.nets.items()):
        if len(net.pins) > 1 and not net.wires:
            differences.append(f"net {name} has no wires")
        joined = set()
        for pin in net.pins:
            expected = open_pins.pop(pin, None)
            if expected is None and _is_diode(pin[0], layout, netlist, cells):
                continue
            if expected is None:
                differences.append(f"net {name} reaches {'/'.join(pin)}, which the netlist does not connect")
            else:
                joined.add(expected)
        if len(joined) > 1:
            differences.append(f"net {name} joins {' and '.join(sorted(joined)[:3])} of the netlist")
        for again in joined & name_in_layout.keys():
            differences.append(f"nets {name_in_layout[again]} and {name} are one net in the netlist")
        name_in_layout |= dict.fromkeys(joined, name)
    for (instance, missing), net_name in sorted(open_pins.items()):
        # The layout's list may leave out a net that has no other pin.
        if net_name in name_in_layout:
            differences.append(f"net {name_in_layout[net_name]} does not reach {instance}/{missing}")
    return differences
