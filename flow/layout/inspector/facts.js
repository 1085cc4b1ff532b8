// The facts of a run: unpacks what pack.py wrote, and derives what is looked up often.

import { ALONG_Y, wiresOf } from "inspector/chains.js";
import { namesOf, Reader } from "inspector/coding.js";
import { bytesOf } from "inspector/letters.js";

const PORTS_FROM = 1 << 24;
const POWER_KINDS = ["internal", "switching", "leakage"];

// One of a run's two packs: its tables and its arrays.
export async function unpack(letters) {
  const stream = new Blob([bytesOf(letters)]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const length = new DataView(bytes.buffer).getUint32(0, true);
  const { arrays: codings, ...tables } = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  const reader = new Reader(bytes, 4 + length);
  return { tables, arrays: Object.fromEntries(Object.entries(codings).map(([name, coding]) => [name, reader.read(coding)])) };
}

// Cells and where they stand: all that the first picture needs.
export class Placed {
  constructor({ tables, arrays }) {
    Object.assign(this, tables);
    this.arrays = arrays;
    this.unitsPerUm = this.run.units_per_um;
    const sizes = this.masters.map(([, width, height]) => [width, height].map((side) => Math.round(side * this.unitsPerUm)));
    const turned = this.orientations.map((name) => name.endsWith("E") || name.endsWith("W"));
    const cells = arrays.x.length;
    [this.width, this.height] = [new Int32Array(cells), new Int32Array(cells)];
    for (let cell = 0; cell < cells; cell++) {
      const [width, height] = sizes[arrays.master[cell]];
      const lies = turned[arrays.orientation[cell]];
      this.width[cell] = lies ? height : width;
      this.height[cell] = lies ? width : height;
    }
  }

  area(cell) {
    return (this.width[cell] * this.height[cell]) / this.unitsPerUm ** 2;
  }

  middle(cell) {
    return [this.arrays.x[cell] + this.width[cell] / 2, this.arrays.y[cell] + this.height[cell] / 2];
  }
}

export class Facts extends Placed {
  constructor(first, rest) {
    super({ tables: { ...rest.tables, ...first.tables }, arrays: { ...rest.arrays, ...first.arrays } });
    const { arrays } = this;
    for (const name of ["cells", "nets"]) this[name] = namesOf(this[`${name}_kinds`], arrays[`${name}_kind`], arrays[`${name}_number`]);
    if (arrays.internal) arrays.power = Float32Array.from(arrays.internal, (_, cell) => POWER_KINDS.reduce((sum, kind) => sum + arrays[kind][cell], 0));
    this.#joinPins();
    Object.assign(arrays, wiresOf(arrays, this, arrays.pin_start, (pin) => this.#anchor(pin)));
    const numbered = (names) => new Map(names.map((name, index) => [name, index]));
    this.byName = {
      cell: numbered(this.cells), net: numbered(this.nets), port: numbered(this.ports.map(([name]) => name)),
      unit: numbered(this.units), group: numbered(this.groups),
    };
    if (arrays.transitions_timed) this.#countToggles();
  }

  // Where a pin's wires are counted from.
  #anchor(pin) {
    const owner = this.arrays.pin_owner[pin];
    return owner < PORTS_FROM ? [this.arrays.x[owner], this.arrays.y[owner]] : this.ports[owner - PORTS_FROM].slice(2);
  }

  // From each cell to its pins' places in the table of pins.
  #joinPins() {
    const { pin_start: pinStart, pin_firsts: firsts, pin_others: others } = this.arrays;
    const owners = new Uint32Array(firsts.length + others.length);
    let [first, other] = [0, 0];
    for (let net = 0; net + 1 < pinStart.length; net++) {
      if (pinStart[net] < pinStart[net + 1]) owners[pinStart[net]] = firsts[first++];
      for (let pin = pinStart[net] + 1; pin < pinStart[net + 1]; pin++) owners[pin] = others[other++];
    }
    this.arrays.pin_owner = owners;
    const start = new Uint32Array(this.cells.length + 1);
    for (const owner of owners) if (owner < PORTS_FROM) start[owner + 1]++;
    for (let cell = 0; cell < this.cells.length; cell++) start[cell + 1] += start[cell];
    const next = start.slice();
    const pins = new Uint32Array(start[this.cells.length]);
    owners.forEach((owner, pin) => { if (owner < PORTS_FROM) pins[next[owner]++] = pin; });
    this.netOfPin = new Uint32Array(owners.length);
    for (let net = 0; net < this.nets.length; net++) {
      this.netOfPin.fill(net, this.arrays.pin_start[net], this.arrays.pin_start[net + 1]);
    }
    this.cellPinStart = start;
    this.cellPins = pins;
  }

  #countToggles() {
    const { transitions_timed: timed, transitions_zero_delay: still } = this.arrays;
    this.toggles = new Float32Array(this.cells.length);
    this.togglesStill = new Float32Array(this.cells.length);
    for (let cell = 0; cell < this.cells.length; cell++) {
      for (const pin of this.pinsOf(cell)) {
        if (!this.drives(pin)) continue;
        const net = this.netOfPin[pin];
        this.toggles[cell] = Math.max(this.toggles[cell], timed[net] / this.run.clocks);
        this.togglesStill[cell] = Math.max(this.togglesStill[cell], still[net] / this.run.clocks);
      }
    }
  }

  pinsOf(cell) {
    return this.cellPins.subarray(this.cellPinStart[cell], this.cellPinStart[cell + 1]);
  }

  pinsOfNet(net) {
    const { pin_start: start } = this.arrays;
    return Array.from({ length: start[net + 1] - start[net] }, (_, index) => start[net] + index);
  }

  drives(pin) {
    const net = this.netOfPin[pin];
    return this.arrays.driven[net] === 1 && this.arrays.pin_start[net] === pin;
  }

  // Who has the pin: { cell } or { port }, and the pin's name.
  owner(pin) {
    const owner = this.arrays.pin_owner[pin];
    const name = this.pins[this.arrays.pin_name[pin]];
    return owner < PORTS_FROM ? { cell: owner, name } : { port: owner - PORTS_FROM, name };
  }

  place(pin) {
    const { cell, port } = this.owner(pin);
    return cell === undefined ? this.ports[port].slice(2) : this.middle(cell);
  }

  // The place of a path's point, `instance/pin` or a port.
  placeOf(name) {
    const port = this.byName.port.get(name);
    if (port !== undefined) return this.ports[port].slice(2);
    const cell = this.cellOf(name);
    return cell === undefined ? null : this.middle(cell);
  }

  cellOf(pin) {
    return this.byName.cell.get(pin.slice(0, pin.lastIndexOf("/")));
  }

  pieces(net) {
    const { piece_start: start } = this.arrays;
    return Array.from({ length: start[net + 1] - start[net] }, (_, index) => this.piece(start[net] + index));
  }

  piece(index) {
    const { piece_layer: layers, piece_x: xs, piece_y: ys, piece_length: lengths } = this.arrays;
    const upright = layers[index] >= ALONG_Y;
    const [x, y, length] = [xs[index], ys[index], lengths[index]];
    return { layer: layers[index] % ALONG_Y, x0: x, y0: y, x1: upright ? x : x + length, y1: upright ? y + length : y };
  }

  vias(net) {
    const { via_start: start, via_layer: layer, via_x: x, via_y: y } = this.arrays;
    return Array.from({ length: start[net + 1] - start[net] }, (_, index) => start[net] + index)
      .map((via) => ({ layer: layer[via], x: x[via], y: y[via] }));
  }
}
