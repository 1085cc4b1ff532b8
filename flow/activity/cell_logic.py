"""What a cell and a netlist come to once nothing moves: shared by both simulators."""

from flow.activity.gate_design import GateDesign
from flow.formats import boolean
from flow.formats.boolean import Expression
from flow.formats.liberty import State
from flow.formats.netlist import Instance


def asynchronous(state: State, held: Expression) -> Expression:
    """Return the state's value given what it `held`: clear and preset act over it."""
    only_preset = boolean.any_of(state.preset, held) if state.preset != boolean.ZERO else held
    if state.clear == boolean.ZERO:
        return only_preset
    cleared = boolean.all_of(boolean.inverted(state.clear), only_preset)
    if state.preset == boolean.ZERO or not state.both_variable:
        return cleared
    return boolean.any_of(cleared, boolean.all_of(state.clear, state.preset))


def complement(state: State) -> Expression:
    """Return the complement output's value: the inverse but where clear and preset are both on."""
    inverse = boolean.inverted(boolean.variable(state.variable))
    if boolean.ZERO in (state.clear, state.preset):
        return inverse
    both = boolean.all_of(state.clear, state.preset)
    if state.both_complement:
        return boolean.any_of(inverse, both)
    return boolean.all_of(inverse, boolean.inverted(both))


def follows_level(state: State) -> Expression:
    """Return the state's value while no edge comes: a latch follows its data, a flip-flop holds."""
    held = boolean.variable(state.variable)
    if not state.edge_triggered:
        held = boolean.any_of(
            boolean.all_of(state.gate, state.data), boolean.all_of(boolean.inverted(state.gate), held)
        )
    return asynchronous(state, held)


def levelise(design: GateDesign) -> list[Instance]:
    """Return the instances with outputs, drivers before what they drive at once.

    Raises ValueError for a combinational loop.
    """
    readers: dict[int, list[int]] = {}
    waiting = []
    driven = {
        instance.pins[pin.name] for instance in design.instances for pin in design.cell(instance).outputs
    }
    for index, instance in enumerate(design.instances):
        nets = {instance.pins[pin] for pin in design.cell(instance).read_at_once} & driven
        waiting.append(len(nets))
        for net in nets:
            readers.setdefault(net, []).append(index)
    ready = [index for index, count in enumerate(waiting) if count == 0]
    ordered: list[Instance] = []
    while ready:
        # Equal operations side by side help the branch predictor of the loop that runs them.
        ready.sort(key=lambda index: (design.instances[index].cell, index))
        following = []
        for index in ready:
            instance = design.instances[index]
            ordered.append(instance)
            for pin in design.cell(instance).outputs:
                for reader in readers.get(instance.pins[pin.name], ()):
                    waiting[reader] -= 1
                    if waiting[reader] == 0:
                        following.append(reader)
        ready = following
    if len(ordered) < len(design.instances):
        stuck = next(index for index, count in enumerate(waiting) if count > 0)
        name = "/".join(design.instances[stuck].path)
        raise ValueError(f"netlist {design.netlist.top}: combinational loop behind {name}")
    return ordered
