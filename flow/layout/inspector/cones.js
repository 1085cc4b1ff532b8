// What feeds a cell: the groups whose registers, and the ports, its logic begins at.

const NEW = 0, OPEN = 1, DONE = 2;
const PORTS_BIT = 30;
const OTHERS_BIT = 29;

export class Cones {
  // `clockNets`: every net of the clock tree. A cell that takes one of them and is not of the tree is a register.
  constructor(facts, clockNets) {
    this.facts = facts;
    this.clockNets = clockNets;
    this.masks = new Int32Array(facts.cells.length);
    this.states = new Uint8Array(facts.cells.length);
    this.tree = facts.groups.indexOf("clock_tree");
  }

  isRegister(cell) {
    const { facts } = this;
    return facts.arrays.group[cell] !== this.tree && facts.pinsOf(cell).some((pin) => this.clockNets.has(facts.netOfPin[pin]));
  }

  #bit(cell) {
    const group = this.facts.arrays.group[cell];
    return 1 << (group < OTHERS_BIT ? group : OTHERS_BIT);
  }

  // The cells and ports that drive the inputs of a cell, its clock left out.
  #drivers(cell) {
    const { facts } = this;
    const found = [];
    for (const pin of facts.pinsOf(cell)) {
      const net = facts.netOfPin[pin];
      if (facts.drives(pin) || !facts.arrays.driven[net] || this.clockNets.has(net)) continue;
      found.push(facts.owner(facts.arrays.pin_start[net]));
    }
    return found;
  }

  #mask(first) {
    const { masks, states } = this;
    // By hand in place of recursion: a chain may be longer than the stack.
    const stack = [first];
    while (stack.length) {
      const cell = stack.at(-1);
      const inputs = states[cell] === DONE ? [] : this.#drivers(cell);
      if (states[cell] === NEW) {
        states[cell] = OPEN;
        const waiting = inputs.filter((input) => input.cell !== undefined && states[input.cell] === NEW && !this.isRegister(input.cell));
        if (waiting.length) {
          stack.push(...waiting.map((input) => input.cell));
          continue;
        }
      }
      for (const { cell: driver } of inputs) {
        masks[cell] |= driver === undefined ? 1 << PORTS_BIT : this.isRegister(driver) ? this.#bit(driver) : masks[driver];
      }
      states[cell] = DONE;
      stack.pop();
    }
    return masks[first];
  }

  // Names of what feeds the cell, in the groups' order.
  fedBy(cell) {
    const mask = this.#mask(cell);
    const names = this.facts.groups.filter((_, group) => group < OTHERS_BIT && mask & (1 << group));
    if (mask & (1 << OTHERS_BIT)) names.push("others");
    if (mask & (1 << PORTS_BIT)) names.push("ports");
    return names;
  }
}
