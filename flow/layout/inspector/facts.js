// The facts of the run: unpacks what pack.py wrote, and derives what is looked up often.

const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array };
const PORTS_FROM = 1 << 24;
const ALONG_Y = 128;

export async function unpack(base64) {
  const letters = atob(base64.trim());
  const packed = new Uint8Array(letters.length);
  for (let index = 0; index < letters.length; index++) packed[index] = letters.charCodeAt(index);
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const headLength = new DataView(bytes.buffer).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + headLength)));
  const arrays = {};
  for (const [name, [kind, offset, elements]] of Object.entries(head.arrays)) {
    arrays[name] = fromPlanes(bytes, 4 + headLength + offset, elements, KINDS[kind]);
  }
  return new Facts(head, arrays);
}

// The first bytes of all elements stand first, then all second ones, ...
function fromPlanes(bytes, offset, elements, Kind) {
  const array = new Kind(elements);
  const target = new Uint8Array(array.buffer);
  const width = Kind.BYTES_PER_ELEMENT;
  for (let plane = 0; plane < width; plane++) {
    const from = offset + plane * elements;
    for (let index = 0; index < elements; index++) target[index * width + plane] = bytes[from + index];
  }
  return array;
}

function summed(steps) {
  let sum = 0;
  return steps.map((step) => (sum += step));
}

export class Facts {
  constructor(tables, arrays) {
    Object.assign(this, tables);
    this.arrays = arrays;
    this.unitsPerUm = this.run.units_per_um;
    for (const name of ["piece_x", "piece_y", "via_x", "via_y"]) arrays[name] = summed(arrays[name]);
    const sizes = this.masters.map(([, width, height]) => [width, height].map((side) => Math.round(side * this.unitsPerUm)));
    const turned = this.orientations.map((name) => name.endsWith("E") || name.endsWith("W"));
    const side = (cell, first) => sizes[arrays.master[cell]][turned[arrays.orientation[cell]] ? 1 - first : first];
    this.width = Int32Array.from(this.cells, (_, cell) => side(cell, 0));
    this.height = Int32Array.from(this.cells, (_, cell) => side(cell, 1));
    this.#joinPins();
    this.byName = {
      cell: new Map(this.cells.map((name, index) => [name, index])),
      net: new Map(this.nets.map((name, index) => [name, index])),
      port: new Map(this.ports.map(([name], index) => [name, index])),
    };
    if (arrays.transitions_timed) this.#countToggles();
  }

  // From each cell to its pins' places in the table of pins.
  #joinPins() {
    const owners = this.arrays.pin_owner;
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

  area(cell) {
    return (this.width[cell] * this.height[cell]) / this.unitsPerUm ** 2;
  }

  middle(cell) {
    return [this.arrays.x[cell] + this.width[cell] / 2, this.arrays.y[cell] + this.height[cell] / 2];
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
