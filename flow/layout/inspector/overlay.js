// What lies over the cells: wires, the chosen net and its neighbours, paths, markers, names, ruler, scale.

const NEIGHBOURS_MAX = 400;

export class Overlay {
  constructor(canvas, facts, wires, layerColours) {
    Object.assign(this, { canvas, facts, wires, layerColours });
    this.pen = canvas.getContext("2d");
  }

  draw(camera, state, theme) {
    const { pen } = this;
    const ratio = this.canvas.width / camera.width;
    Object.assign(this, { camera, theme });
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, camera.width, camera.height);
    this.wiresShown = state.wires ? this.#nearWires(state) : true;
    if (state.mode === "group" && !state.chosen && !state.path && !state.wires) this.#groupNames(state);
    if (state.chosen?.net !== undefined) this.#net(state.chosen.net);
    if (state.chosen?.cell !== undefined) this.#cell(state.chosen.cell);
    if (state.clockTree) this.#clockTree(state.clockTree);
    if (state.path) this.#path(state.path);
    for (const marker of state.markers) this.#marker(marker);
    if (state.ruler) this.#ruler(state.ruler);
    this.#scaleBar();
  }

  #line(points, colour, width, dash = []) {
    const { pen } = this;
    pen.beginPath();
    points.forEach(([x, y], index) => pen[index ? "lineTo" : "moveTo"](...this.camera.toScreen(x, y)));
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.stroke();
    pen.setLineDash([]);
  }

  #box([x0, y0, x1, y1], colour, width = 2) {
    const [left, bottom] = this.camera.toScreen(x0, y0);
    const [right, top] = this.camera.toScreen(x1, y1);
    this.pen.strokeStyle = colour;
    this.pen.lineWidth = width;
    this.pen.strokeRect(left, top, Math.max(right - left, 2), Math.max(bottom - top, 2));
  }

  #text(text, x, y, { align = "left", size = 12, bold = false } = {}) {
    const { pen, theme } = this;
    pen.font = `${bold ? "600 " : ""}${size}px system-ui, "DejaVu Sans", sans-serif`;
    pen.textAlign = align;
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3.5;
    pen.strokeStyle = theme.page;
    pen.strokeText(text, x, y);
    pen.fillStyle = theme.text;
    pen.fillText(text, x, y);
  }

  cellBox(cell) {
    const { x, y } = this.facts.arrays;
    return [x[cell], y[cell], x[cell] + this.facts.width[cell], y[cell] + this.facts.height[cell]];
  }

  #wireWidth(layer) {
    const units = this.facts.layers[layer][1] * this.facts.unitsPerUm;
    return Math.max(units / this.camera.scale, 1.2);
  }

  #pieces(pieces, alpha) {
    const byLayer = new Map();
    for (const piece of pieces) {
      if (!byLayer.has(piece.layer)) byLayer.set(piece.layer, []);
      byLayer.get(piece.layer).push(piece);
    }
    const { pen, camera } = this;
    pen.globalAlpha = alpha;
    pen.lineCap = "square";
    for (const layer of [...byLayer.keys()].sort((one, two) => one - two)) {
      pen.beginPath();
      for (const { x0, y0, x1, y1 } of byLayer.get(layer)) {
        pen.moveTo(...camera.toScreen(x0, y0));
        pen.lineTo(...camera.toScreen(x1, y1));
      }
      const width = this.#wireWidth(layer);
      // A rim, for a colour that is near the ground's.
      pen.strokeStyle = this.theme.line;
      pen.lineWidth = width + 1.2;
      pen.globalAlpha = 0.35 * alpha;
      pen.stroke();
      pen.strokeStyle = this.layerColours[layer];
      pen.lineWidth = width;
      pen.globalAlpha = alpha;
      pen.stroke();
    }
    pen.lineCap = "butt";
    pen.globalAlpha = 1;
  }

  #nearWires(state) {
    const near = this.wires().within(this.camera.window);
    if (near === null) return false;
    this.#pieces([...near].map((index) => this.facts.piece(index)).filter(({ layer }) => !state.hiddenLayers.has(this.facts.layers[layer][0])), 0.75);
    return true;
  }

  #net(net) {
    const { facts, pen, camera, theme } = this;
    this.#pieces(facts.pieces(net), 1);
    for (const { layer, x, y } of facts.vias(net)) {
      const [px, py] = camera.toScreen(x, y);
      const side = Math.max(this.#wireWidth(layer), 3);
      pen.fillStyle = theme.line;
      pen.fillRect(px - side / 2, py - side / 2, side, side);
    }
    for (const pin of facts.pinsOfNet(net).slice(0, NEIGHBOURS_MAX)) {
      const { cell, port } = facts.owner(pin);
      const colour = facts.drives(pin) ? "#d62839" : "#0a9d6c";
      if (cell !== undefined) this.#box(this.cellBox(cell), colour);
      else {
        const [px, py] = camera.toScreen(...facts.ports[port].slice(2));
        pen.fillStyle = colour;
        pen.fillRect(px - 4, py - 4, 8, 8);
      }
    }
  }

  #cell(cell) {
    const { facts, theme } = this;
    const from = facts.middle(cell);
    let drawn = 0;
    for (const pin of facts.pinsOf(cell)) {
      for (const other of facts.pinsOfNet(facts.netOfPin[pin])) {
        if (other === pin || facts.drives(pin) === facts.drives(other) || drawn++ > NEIGHBOURS_MAX) continue;
        const colour = facts.drives(pin) ? "#0a9d6c" : "#d62839";
        this.#line([from, facts.place(other)], colour, 1.2);
        const { cell: neighbour } = facts.owner(other);
        if (neighbour !== undefined) this.#box(this.cellBox(neighbour), colour, 1.5);
      }
    }
    this.#box(this.cellBox(cell), theme.page, 5);
    this.#box(this.cellBox(cell), theme.line, 2.5);
  }

  #path({ path, stage: chosen }) {
    const points = path.stages.map(([pin]) => this.facts.placeOf(pin));
    const known = points.filter(Boolean);
    this.#line(known, this.theme.page, 6);
    this.#line(known, "#ff3fc8", 3);
    const { pen, camera } = this;
    const chosenAt = points[chosen ?? -1];
    const labels = [];
    for (const { place, delay, first, last } of visits(path.stages, points)) {
      const [px, py] = camera.toScreen(...place);
      const isChosen = chosenAt && chosen >= first && chosen <= last;
      pen.fillStyle = isChosen ? "#ffd83a" : "#ff3fc8";
      pen.beginPath();
      pen.arc(px, py, isChosen ? 6 : 3.5, 0, 7);
      pen.fill();
      // Not one label over another.
      if (isChosen || labels.every(([x, y]) => Math.abs(px - x) > 46 || Math.abs(py - y) > 15)) {
        this.#text(`${(delay * 1000).toFixed(0)} ps`, px + 7, py - 9, { size: 11 });
        labels.push([px, py]);
      }
    }
    if (known.length) {
      this.#text("start", ...offset(camera.toScreen(...known[0]), -8, 14), { bold: true, align: "right" });
      this.#text("end", ...offset(camera.toScreen(...known.at(-1)), 8, 14), { bold: true });
    }
  }

  #clockTree({ branches }) {
    const colours = ["#d62839", "#f0784f", "#7f3fb5", "#31688e", "#1f9d8a"];
    for (const { from, to, level } of branches) this.#line([from, to], colours[Math.min(level, colours.length - 1)], Math.max(0.8, 2.6 - 0.6 * level));
  }

  #marker({ box, chosen }) {
    const [x0, y0, x1, y1] = box.map((length) => length * this.facts.unitsPerUm);
    this.#box([x0, y0, x1, y1], "#d62839", chosen ? 4 : 2);
    const [px, py] = this.camera.toScreen((x0 + x1) / 2, (y0 + y1) / 2);
    this.pen.strokeStyle = "#d62839";
    this.pen.beginPath();
    this.pen.arc(px, py, 12, 0, 7);
    this.pen.stroke();
  }

  // A group's name where most of its cells lie, while there is room for it.
  #groupNames(state) {
    for (const { name, x, y, share } of state.groupPlaces) {
      if (state.hiddenGroups.has(name) || share < 0.04) continue;
      this.#text(name, ...this.camera.toScreen(x, y), { align: "center", size: 13, bold: true });
    }
  }

  #ruler({ from, to }) {
    if (!to) return;
    this.#line([from, to], this.theme.page, 5);
    this.#line([from, to], this.theme.line, 2, [6, 4]);
    const um = (length) => (length / this.facts.unitsPerUm).toFixed(3);
    const [dx, dy] = [Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])];
    const [px, py] = this.camera.toScreen((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
    this.#text(`${um(Math.hypot(dx, dy))} um  (x ${um(dx)}, y ${um(dy)})`, px + 10, py - 10, { bold: true });
  }

  #scaleBar() {
    const { camera, pen, theme } = this;
    const least = (90 * camera.scale) / this.facts.unitsPerUm;
    const power = 10 ** Math.floor(Math.log10(least));
    const um = [1, 2, 5, 10].map((step) => step * power).find((length) => length >= least);
    const length = (um * this.facts.unitsPerUm) / camera.scale;
    const y = camera.height - 18;
    pen.fillStyle = theme.page;
    pen.fillRect(10, y - 3, length + 8, 10);
    pen.fillStyle = theme.text;
    pen.fillRect(14, y, length, 4);
    this.#text(`${um >= 1 ? um : um.toPrecision(1)} um`, 14 + length / 2, y - 11, { align: "center" });
  }
}

// The cells that a path goes through, each with the delay from leaving the one before to leaving it.
function visits(stages, points) {
  const found = [];
  stages.forEach(([, , delay], index) => {
    const place = points[index];
    if (!place) return;
    const before = found.at(-1);
    if (before && before.place[0] === place[0] && before.place[1] === place[1]) {
      before.delay += delay;
      before.last = index;
    } else found.push({ place, delay, first: index, last: index });
  });
  return found;
}

function offset([x, y], dx, dy) {
  return [x + dx, y + dy];
}
