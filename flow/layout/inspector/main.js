// The inspector: what is looked at, and what each gesture does to it.

import * as address from "inspector/address.js";
import { Camera } from "inspector/camera.js";
import { CellsView } from "inspector/cells_view.js";
import { checksPanel } from "inspector/checks_panel.js";
import { bytes, family, modes, nameColours, range, rampColour, squareValues, THEMES } from "inspector/colours.js";
import { Cones } from "inspector/cones.js";
import { cellDetails, netDetails, unitDetails } from "inspector/details.js";
import { element } from "inspector/dom.js";
import { unpack } from "inspector/facts.js";
import { watch } from "inspector/gestures.js";
import { at, siteGrid, squareGrid } from "inspector/grid.js";
import { barLegend, namesLegend, sumsOf } from "inspector/legend.js";
import { LivePicture } from "inspector/live.js";
import { Overlay } from "inspector/overlay.js";
import { find, resultsPanel } from "inspector/search.js";
import { clockPanel, clockTree, pathsPanel, slackPanel } from "inspector/timing_panel.js";
import { hierarchyTree } from "inspector/tree.js";
import { fixed } from "inspector/units.js";
import { WireIndex } from "inspector/wires.js";

const TABS = ["details", "paths", "slack", "clock", "checks"];
const STILL_MS = 140;
const SLOW_MS = 40;
const PAUSE_MS = 1000;
const FADED_ALPHA = 0.75;
const byId = (id) => document.getElementById(id);

class Inspector {
  constructor(facts, given) {
    this.facts = facts;
    this.given = given;
    this.sites = siteGrid(facts);
    this.squares = squareGrid(facts);
    this.modes = modes(facts);
    this.camera = new Camera(facts.run.die);
    this.movingShare = 1;
    this.stillMs = STILL_MS;
    this.view = new CellsView(byId("cells"));
    let wires = null;
    this.overlay = new Overlay(byId("overlay"), facts, () => (wires ??= new WireIndex(facts)), given.layer_colours);
    this.live = new LivePicture(byId("gds"), given.live);
    this.groupSums = sumsOf(facts, (cell) => facts.arrays.group[cell], facts.groups);
    this.groupColours = nameColours(facts.groups, this.groupSums.map((sum) => sum.area), given.group_colours);
    this.families = [...new Set(facts.masters.map(([name]) => family(name)))].sort();
    this.familyOf = facts.masters.map(([name]) => this.families.indexOf(family(name)));
    this.familySums = sumsOf(facts, (cell) => this.familyOf[facts.arrays.master[cell]], this.families);
    this.familyColours = nameColours(this.families, this.familySums.map((sum) => sum.area));
    this.tree = clockTree(facts);
    this.cones = new Cones(facts, this.tree?.nets ?? new Set());
    this.state = {
      mode: this.modes[0], squares: false, wires: false, tab: "details", check: "setup", chosen: null, many: null, path: null,
      markers: [], marker: null, clockTree: null, ruler: null, ruling: false, results: null, bin: 0,
      hiddenGroups: new Set(), hiddenFamilies: new Set(), hiddenLayers: new Set(), groupPlaces: this.#groupPlaces(),
    };
    this.#controls();
    byId("tree").replaceChildren(hierarchyTree(facts, { chooseUnit: (unit) => this.choose({ unit }), chooseCell: (cell) => this.choose({ cell }) }));
    this.#watch();
    this.#fromAddress();
    this.recolour();
    this.panels();
  }

  get theme() {
    const chosen = document.documentElement.dataset.theme;
    return THEMES[chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")];
  }

  #groupPlaces() {
    const { facts } = this;
    const all = facts.cells.reduce((sum, _, cell) => sum + facts.area(cell), 0);
    return facts.groups.map((name, group) => {
      // The fullest of 24 by 24 squares: a mean may lie where none of the group's cells does.
      const [x0, y0, x1, y1] = facts.run.core;
      const squares = new Map();
      let area = 0;
      for (let cell = 0; cell < facts.cells.length; cell++) {
        if (facts.arrays.group[cell] !== group) continue;
        const [x, y] = facts.middle(cell);
        const key = `${Math.floor((24 * (x - x0)) / (x1 - x0))},${Math.floor((24 * (y - y0)) / (y1 - y0))}`;
        const own = squares.get(key) ?? squares.set(key, { area: 0, x: 0, y: 0 }).get(key);
        const size = facts.area(cell);
        area += size;
        own.area += size;
        own.x += x * size;
        own.y += y * size;
      }
      const fullest = [...squares.values()].reduce((one, two) => (two.area > one.area ? two : one), { area: 0, x: 0, y: 0 });
      return { name, share: area / all, x: fullest.x / fullest.area, y: fullest.y / fullest.area };
    });
  }

  #controls() {
    const { facts, state } = this;
    byId("colour").append(...this.modes.map((mode, index) => element("option", { value: mode.id }, `${mode.name}${index < 9 ? `  (${index + 1})` : ""}`)));
    byId("colour").addEventListener("change", (event) => this.colourBy(event.target.value));
    byId("squares").addEventListener("change", (event) => { state.squares = event.target.checked; this.recolour(); });
    byId("wires").addEventListener("change", (event) => { state.wires = event.target.checked; this.#layersList(); this.redraw(); });
    byId("fit").addEventListener("click", () => this.flyTo(facts.run.die));
    byId("ruler").addEventListener("click", () => this.toggleRuler());
    byId("theme").addEventListener("click", () => {
      document.documentElement.dataset.theme = this.theme === THEMES.dark ? "light" : "dark";
      this.recolour();
    });
    byId("help").addEventListener("click", () => byId("keys").showModal());
    byId("search").addEventListener("submit", (event) => { event.preventDefault(); this.search(byId("words").value.trim()); });
    for (const tab of TABS) byId(`tab-${tab}`).addEventListener("click", () => { state.tab = tab; this.panels(); this.#toAddress(); });
    const live = byId("live");
    live.parentElement.hidden = !this.live.available;
    live.addEventListener("change", () => { this.live.show(live.checked); this.#layersList(); this.redraw(); });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.recolour());
  }

  #layersList() {
    const { facts, state, given } = this;
    const shown = state.wires || this.live.shown;
    byId("layers").replaceChildren(...(shown ? facts.layers.map(([name], layer) => {
      const box = element("input", { type: "checkbox", onchange: () => {
        // By number for the wires drawn here, by name for the GDS.
        for (const key of [layer, name]) state.hiddenLayers[box.checked ? "delete" : "add"](key);
        this.redraw();
      } });
      box.checked = !state.hiddenLayers.has(layer);
      const colour = element("span", { class: "colour" });
      colour.style.background = given.layer_colours[layer];
      return element("label", {}, box, colour, ` ${name}`);
    }) : []));
  }

  #watch() {
    const { camera, state } = this;
    watch(byId("picture"), {
      moved: (dx, dy) => { camera.move(dx, dy); this.moving(); },
      zoomed: (factor, px, py) => { camera.zoom(factor, px, py); this.moving(); },
      clicked: (px, py) => this.click(px, py),
      pointed: (px, py) => this.#tell(px, py),
      holds: (px, py, phase) => {
        if (!state.ruling) return false;
        const place = camera.toLayout(px, py);
        if (phase === "down") state.ruler = { from: place, to: null };
        else state.ruler.to = place;
        this.redraw();
        return true;
      },
    });
    byId("picture").addEventListener("dblclick", () => this.flyTo(this.facts.run.die));
    new ResizeObserver(() => this.#resize()).observe(byId("picture"));
    this.#resize(true);
    addEventListener("keydown", (event) => this.#key(event));
    addEventListener("hashchange", () => { this.#fromAddress(); this.recolour(); this.panels(); });
  }

  #resize(first = false) {
    const box = byId("picture").getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio || 1, 2);
    this.camera.resize(box.width, box.height);
    this.pixels = [box.width, box.height].map((side) => Math.max(1, Math.round(side * ratio)));
    [byId("overlay").width, byId("overlay").height] = this.pixels;
    if (first) this.camera.fit();
    else this.redraw();
  }

  #tell(px, py) {
    const { facts } = this;
    const [x, y] = this.camera.toLayout(px, py);
    const cell = at(this.sites, x, y);
    const um = (length) => fixed(length / facts.unitsPerUm, 2);
    byId("place").textContent = `${um(x)}, ${um(y)} um${cell >= 0 ? `  ${facts.cells[cell]}  ${facts.masters[facts.arrays.master[cell]][0]}` : ""}`;
  }

  #key(event) {
    if (event.target.closest?.("input:not([type=checkbox]), select, dialog") || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const { camera, state } = this;
    const step = 80;
    const keys = {
      ArrowLeft: () => camera.move(step, 0), ArrowRight: () => camera.move(-step, 0),
      ArrowUp: () => camera.move(0, step), ArrowDown: () => camera.move(0, -step),
      "+": () => camera.zoom(0.75), "=": () => camera.zoom(0.75), "-": () => camera.zoom(1 / 0.75),
    };
    const others = {
      f: () => this.flyTo(this.facts.run.die), 0: () => this.flyTo(this.facts.run.die),
      "/": () => byId("words").focus(), "?": () => byId("keys").showModal(),
      w: () => byId("wires").click(), q: () => byId("squares").click(), r: () => this.toggleRuler(),
      n: () => { state.tab = TABS[(TABS.indexOf(state.tab) + 1) % TABS.length]; this.panels(); },
      z: () => state.chosen?.cell !== undefined && this.flyTo(this.#around(this.overlay.cellBox(state.chosen.cell))),
      Escape: () => this.choose(null),
    };
    if (keys[event.key]) { keys[event.key](); this.moving(); }
    else if (others[event.key]) others[event.key]();
    else if (/^[1-9]$/.test(event.key) && this.modes[event.key - 1]) this.colourBy(this.modes[event.key - 1].id);
    else return;
    event.preventDefault();
  }

  // --- what is drawn ---

  colourBy(id) {
    this.state.mode = this.modes.find((mode) => mode.id === id) ?? this.modes[0];
    this.recolour();
  }

  // Whether a cell keeps its colour: all do unless something is chosen that others are not part of.
  #kept() {
    const { facts, state } = this;
    const { group, unit } = facts.arrays;
    const { chosen, many } = state;
    if (many) return (cell) => many.has(cell);
    if (chosen?.unit !== undefined) return (cell) => unit[cell] === chosen.unit;
    if (chosen?.group !== undefined) return (cell) => facts.groups[group[cell]] === chosen.group;
    return () => true;
  }

  recolour() {
    const { facts, state, theme } = this;
    const { mode } = state;
    const squares = Boolean(mode.value) && (state.squares || mode.squaresOnly);
    const numbers = mode.value ? (squares ? squareValues(mode, facts, this.squares) : Float64Array.from(facts.cells, (_, cell) => mode.value(cell))) : null;
    const owners = squares ? numbers.length : facts.cells.length;
    const table = new Uint8Array(owners * 4);
    const faded = bytes(theme.faded);
    const kept = squares ? () => true : this.#kept();
    const palette = (mode.id === "type" ? this.familyColours : this.groupColours).map(bytes);
    const nameOf = mode.id === "type" ? (cell) => this.familyOf[facts.arrays.master[cell]] : (cell) => facts.arrays.group[cell];
    const hiddenGroup = facts.groups.map((name) => state.hiddenGroups.has(name));
    const hiddenFamily = this.families.map((name) => state.hiddenFamilies.has(name));
    state.range = numbers ? range(mode, numbers) : null;
    const [low, high] = state.range ?? [0, 1];
    for (let owner = 0; owner < owners; owner++) {
      if (!squares && (hiddenGroup[facts.arrays.group[owner]] || hiddenFamily[this.familyOf[facts.arrays.master[owner]]])) continue;
      let colour = faded;
      let alpha = FADED_ALPHA;
      if (kept(owner) && !(numbers && Number.isNaN(numbers[owner]))) {
        const share = numbers ? (numbers[owner] - low) / (high - low) : 0;
        colour = numbers ? rampColour(mode.reversed ? 1 - share : share) : palette[nameOf(owner)];
        alpha = 1;
      }
      table.set(colour, owner * 4);
      table[owner * 4 + 3] = Math.round(255 * alpha);
    }
    this.view.setGrid(squares ? this.squares : this.sites);
    this.view.setColours(table);
    byId("colour").value = mode.id;
    byId("squares").checked = state.squares || Boolean(mode.squaresOnly);
    byId("squares").disabled = !mode.value || Boolean(mode.squaresOnly);
    this.#legend(squares);
    this.redraw();
    this.#toAddress();
  }

  #legend(squares) {
    const { facts, state } = this;
    const flip = (hidden) => (name) => { hidden[hidden.has(name) ? "delete" : "add"](name); this.recolour(); };
    const legend = state.mode.id === "group"
      ? namesLegend(facts, this.groupSums, this.groupColours, state.hiddenGroups, { toggle: flip(state.hiddenGroups), choose: (group) => this.choose({ group }) })
      : state.mode.id === "type"
        ? namesLegend(facts, this.familySums, this.familyColours, state.hiddenFamilies, { toggle: flip(state.hiddenFamilies), choose: (name) => this.chooseMany(facts.cells.map((_, cell) => cell).filter((cell) => this.families[this.familyOf[facts.arrays.master[cell]]] === name)) })
        : barLegend(state.mode, state.range, squares);
    byId("legend").replaceChildren(legend);
  }

  // A frame now, a finer one when nothing has moved for a moment.
  moving() {
    this.#watchPace();
    this.redraw(false);
    clearTimeout(this.stillTimer);
    this.stillTimer = setTimeout(() => { this.redraw(true); this.#toAddress(); }, this.stillMs);
  }

  // Where frames come too slowly, those while moving are drawn with half the pixels each way.
  #watchPace() {
    const now = performance.now();
    const since = now - (this.movedAt ?? 0);
    this.movedAt = now;
    if (since > PAUSE_MS) this.slowFrames = 0;
    else {
      this.slowFrames = since > SLOW_MS ? this.slowFrames + 1 : 0;
      // Not before two more frames could have come: a fine one between them would make them slower still.
      this.stillMs = Math.max(STILL_MS, 2.5 * since);
    }
    if (this.slowFrames >= 3) this.movingShare = 0.5;
  }

  redraw(fine = true) {
    this.fine = fine;
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      this.drawNow(this.fine);
    });
  }

  drawNow(fine) {
    this.view.resize(this.pixels.map((side) => Math.round(side * (fine ? 1 : this.movingShare))));
    this.view.draw(this.camera, this.facts.run.die, this.theme, fine);
    this.overlay.draw(this.camera, this.state, this.theme);
    byId("hint").textContent = this.state.wires && !this.overlay.wiresShown ? "zoom in to see wires" : this.state.ruling ? "drag to measure" : "";
    this.live.follow(this.camera, this.facts.unitsPerUm, this.state.hiddenLayers);
  }

  #around([x0, y0, x1, y1], least = 60) {
    const side = Math.max(x1 - x0, y1 - y0, (least * this.facts.run.row_height) / 4);
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2];
  }

  flyTo(box) {
    const { camera } = this;
    const from = { x: camera.x, y: camera.y, scale: camera.scale };
    camera.fit(box, 1.15);
    const to = { x: camera.x, y: camera.y, scale: camera.scale };
    cancelAnimationFrame(this.flight);
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return this.moving();
    const started = performance.now();
    const step = () => {
      // Not the frame's own time: that may run by another clock.
      const share = Math.min(1, (performance.now() - started) / 260);
      const eased = share * (2 - share);
      camera.scale = Math.exp(Math.log(from.scale) + (Math.log(to.scale) - Math.log(from.scale)) * eased);
      [camera.x, camera.y] = ["x", "y"].map((axis) => from[axis] + (to[axis] - from[axis]) * eased);
      this.moving();
      if (share < 1) this.flight = requestAnimationFrame(step);
    };
    Object.assign(camera, from);
    this.flight = requestAnimationFrame(step);
  }

  // --- what is chosen ---

  click(px, py) {
    const [x, y] = this.camera.toLayout(px, py);
    const cell = at(this.sites, x, y);
    this.choose(cell >= 0 ? { cell } : null);
  }

  // `chosen`: { cell }, { net }, { unit }, { group } or null.
  choose(chosen) {
    const { facts, state } = this;
    Object.assign(state, { chosen, many: null, results: null, tab: "details" });
    if (chosen === null) Object.assign(state, { path: null, markers: [], marker: null, ruler: null });
    if (chosen?.cell !== undefined) this.#intoView(...facts.middle(chosen.cell));
    this.recolour();
    this.panels();
  }

  chooseMany(cells) {
    Object.assign(this.state, { chosen: null, many: new Set(cells) });
    this.recolour();
  }

  #intoView(x, y) {
    const [x0, y0, x1, y1] = this.camera.window;
    if (x < x0 || x > x1 || y < y0 || y > y1) [this.camera.x, this.camera.y] = [x, y];
  }

  search(words) {
    if (!words) return;
    const { facts, state } = this;
    const exact = facts.byName.cell.get(words);
    if (exact !== undefined) {
      this.choose({ cell: exact });
      return this.flyTo(this.#around(this.overlay.cellBox(exact)));
    }
    if (facts.byName.net.has(words)) return this.choose({ net: facts.byName.net.get(words) });
    state.results = { words, found: find(facts, words) };
    state.chosen = null;
    state.tab = "details";
    this.chooseMany(state.results.found.cells.concat(facts.cells.map((_, cell) => cell).filter((cell) => state.results.found.types.includes(facts.arrays.master[cell]))));
    this.panels();
  }

  showPath({ check, index, stage = null }, fly = true) {
    const { facts, state } = this;
    const path = facts.timing.paths[check][index];
    state.path = { check, index, path, stage };
    if (fly) {
      const points = path.stages.map(([pin]) => facts.placeOf(pin)).filter(Boolean);
      if (points.length) {
        const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
        this.flyTo(this.#around([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 20));
      }
      this.panels();
    }
    this.redraw();
    this.#toAddress();
  }

  flyToMarker(index) {
    const { facts, state } = this;
    state.marker = index;
    state.markers = facts.markers.map((marker, number) => ({ box: marker.slice(2), chosen: number === index }));
    this.flyTo(this.#around(facts.markers[index].slice(2).map((um) => um * facts.unitsPerUm), 8));
    this.panels();
  }

  toggleRuler() {
    const { state } = this;
    state.ruling = !state.ruling;
    if (!state.ruling) state.ruler = null;
    byId("ruler").setAttribute("aria-pressed", String(state.ruling));
    byId("picture").classList.toggle("ruling", state.ruling);
    this.redraw();
  }

  #details() {
    const { facts, state, given } = this;
    const choose = (chosen) => this.choose(chosen);
    if (state.results) return resultsPanel(facts, state.results.words, state.results.found, { choose, chooseMany: (cells) => this.chooseMany(cells) });
    if (state.chosen?.cell !== undefined) return cellDetails(facts, state.chosen.cell, choose, this.cones);
    if (state.chosen?.net !== undefined) return netDetails(facts, state.chosen.net, choose, given.layer_colours);
    if (state.chosen?.unit !== undefined) return unitDetails(facts, state.chosen.unit, choose, this.cones);
    if (state.chosen?.group !== undefined) {
      const units = facts.units.map((_, unit) => unit).filter((unit) => facts.cells.some((_, cell) => facts.arrays.unit[cell] === unit && facts.groups[facts.arrays.group[cell]] === state.chosen.group));
      return element("article", { "data-kind": "group" }, element("h2", {}, state.chosen.group), units.length === 1 ? unitDetails(facts, units[0], choose, this.cones) : element("div", {}, units.map((unit) => unitDetails(facts, unit, choose, this.cones))));
    }
    return element("article", { "data-kind": "none" }, element("h2", {}, "Nothing chosen"),
      element("p", {}, "Click a cell, a group's name or a unit of the tree, or search for an instance, a net or a cell type."));
  }

  panels() {
    const { facts, state } = this;
    for (const tab of TABS) byId(`tab-${tab}`).setAttribute("aria-selected", String(tab === state.tab));
    const choose = (chosen) => this.choose(chosen);
    const again = () => this.panels();
    const panel = {
      details: () => this.#details(),
      paths: () => pathsPanel(facts, state, { showPath: (...words) => this.showPath(...words), choose, again }),
      slack: () => slackPanel(facts, state, { choose, again }),
      clock: () => clockPanel(facts, state, { choose, tree: this.tree, toggleTree: () => { state.clockTree = state.clockTree ? null : this.tree; this.panels(); this.redraw(); } }),
      checks: () => checksPanel(facts, state, { flyTo: (index) => this.flyToMarker(index) }),
    }[state.tab]();
    byId("panel").replaceChildren(panel);
  }

  // --- the address ---

  #toAddress() {
    if (!this.ready) return;
    address.write(this.facts, this.camera, this.state);
    this.written = location.hash;
  }

  #fromAddress() {
    if (location.hash === this.written) return;
    const { facts, state, camera } = this;
    const said = address.read(facts);
    state.mode = this.modes.find((mode) => mode.id === said.colour) ?? this.modes[0];
    Object.assign(state, { squares: said.squares, wires: said.wires, chosen: said.chosen, hiddenGroups: new Set(said.hidden) });
    if (TABS.includes(said.tab)) state.tab = said.tab;
    byId("wires").checked = said.wires;
    this.#layersList();
    if (said.path) state.path = { ...said.path, path: facts.timing.paths[said.path.check][said.path.index], stage: null };
    if (said.path) state.check = said.path.check;
    if (said.place) [camera.x, camera.y, camera.scale] = [said.place.x, said.place.y, said.place.w / camera.width];
    this.ready = true;
  }
}

async function start() {
  const given = JSON.parse(byId("given").textContent);
  try {
    const inspector = new Inspector(await unpack(byId("facts").textContent), given);
    byId("facts").remove();
    byId("waiting").remove();
    inspector.drawNow(true);
    return inspector;
  } catch (error) {
    byId("waiting").textContent = `The layout cannot be shown: ${error.message}`;
    throw error;
  }
}

// For the console, and for tests.
window.inspector = start();
