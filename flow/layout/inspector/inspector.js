// The inspector: what is looked at in one run, or in several linked ones, and what each gesture does to it.

import * as address from "inspector/address.js";
import { extentOf } from "inspector/camera.js";
import { coloursOfNames, commonRange, namesTable, numbersTable, squaresTable, valuesOf } from "inspector/colouring.js";
import { connectControls, showLayers } from "inspector/controls.js";
import { fly, isFlying } from "inspector/flight.js";
import { watch } from "inspector/gestures.js";
import { watchKeys } from "inspector/keys.js";
import { barLegend, namesLegend } from "inspector/legend.js";
import { Pace } from "inspector/pace.js";
import { Pane } from "inspector/pane.js";
import { DIFFERENCE, panelOf, TABS } from "inspector/panels.js";
import { counterpart, nameOf } from "inspector/run.js";
import { find } from "inspector/search.js";
import { themeNow } from "inspector/theme.js";
import { hierarchyTree } from "inspector/tree.js";

const byId = (id) => document.getElementById(id);

export class Inspector {
  // `sections` are the places of the runs' pictures; `given` is what the page holds beside the facts.
  constructor(runs, sections, given) {
    this.runs = runs;
    this.difference = given.difference;
    this.tabs = this.difference ? [DIFFERENCE, ...TABS] : TABS;
    this.modes = [...runs[0].modes.values()].filter(({ id }) => runs.every((run) => run.modes.has(id)));
    this.palettes = { group: coloursOfNames(runs.map((run) => run.groupSums), given.group_colours), type: coloursOfNames(runs.map((run) => run.familySums)) };
    this.pace = new Pace();
    // What all runs share; what is marked in one of them is its pane's.
    this.look = {
      mode: this.modes[0].id, squares: false, wires: false, tab: this.tabs[0], check: "setup", bin: 0, ruling: false, range: null,
      hiddenGroups: new Set(), hiddenFamilies: new Set(), hiddenLayers: new Set(),
    };
    const extentUm = extentOf(runs.map(({ facts }) => facts));
    this.panes = runs.map((run, index) => new Pane(run, sections[index], extentUm, given.live && { address: given.live, run: index }));
    // The pane in which the last choice was made: the others follow it.
    [this.origin] = this.panes;
    this.redraw = this.redraw.bind(this);
    connectControls(this);
    byId("tree").replaceChildren(...this.panes.map((pane) => hierarchyTree(pane.facts, pane.run.label, {
      chooseUnit: (unit) => this.choose({ unit }, pane), chooseCell: (cell) => this.choose({ cell }, pane),
    })));
    this.#watch();
    this.#fromAddress();
    this.recolour();
    this.panels();
  }

  get mode() {
    return this.runs[0].modes.get(this.look.mode);
  }

  #watch() {
    watchKeys(this);
    for (const pane of this.panes) {
      const { camera, section } = pane;
      watch(section, {
        moved: (dx, dy) => { camera.move(dx, dy); this.moving(pane); },
        zoomed: (factor, px, py) => { camera.zoom(factor, px, py); this.moving(pane); },
        clicked: (px, py) => this.#click(pane, px, py),
        pointed: (px, py) => pane.tell(px, py),
        holds: (px, py, phase) => this.#measure(pane, px, py, phase),
      });
      section.addEventListener("dblclick", () => this.showAll());
      pane.resize();
      camera.fit();
      new ResizeObserver(() => { pane.resize(); this.redraw(); }).observe(section);
    }
    this.#follow(this.panes[0]);
    addEventListener("hashchange", () => { this.#fromAddress(); this.recolour(); this.panels(); });
  }

  // --- what is drawn ---

  colourBy(id) {
    this.look.mode = this.modes.some((mode) => mode.id === id) ? id : this.modes[0].id;
    this.recolour();
  }

  recolour() {
    const { look, mode, panes } = this;
    const theme = themeNow();
    const squares = Boolean(mode.value) && (look.squares || Boolean(mode.squaresOnly));
    const values = this.runs.map((run) => valuesOf(run, look.mode, squares));
    look.range = mode.value ? commonRange(mode, values) : null;
    panes.forEach(({ run, marks, view }, index) => {
      view.setGrid(squares ? run.squares : run.sites);
      if (squares) view.setColours(squaresTable(values[index], look.range, mode.reversed, theme));
      else if (mode.value) view.setColours(numbersTable(run, look, marks, theme, values[index], look.range, mode.reversed));
      else view.setColours(namesTable(run, look, marks, theme, this.palettes));
    });
    this.theme = theme;
    byId("colour").value = mode.id;
    byId("squares").checked = squares;
    byId("squares").disabled = !mode.value || Boolean(mode.squaresOnly);
    byId("legend").replaceChildren(this.#legend(squares));
    this.redraw();
    this.#toAddress();
  }

  #legend(squares) {
    const { look, mode, runs } = this;
    if (mode.value) return barLegend(mode, look.range, squares);
    const byType = mode.id === "type";
    const hidden = byType ? look.hiddenFamilies : look.hiddenGroups;
    return namesLegend(runs.map((run) => (byType ? run.familySums : run.groupSums)), this.palettes[mode.id], hidden, {
      measured: runs.every(({ facts }) => facts.arrays.power),
      toggle: (name) => { hidden[hidden.has(name) ? "delete" : "add"](name); this.recolour(); },
      choose: (name) => (byType ? this.chooseFamily(name) : this.choose({ group: name }, this.panes.find(({ facts }) => facts.groups.includes(name)))),
    });
  }

  #follow(pane) {
    for (const { camera, facts } of this.panes) {
      if (camera !== pane.camera) camera.follow(pane.camera, facts.unitsPerUm / pane.facts.unitsPerUm);
    }
  }

  // The pane's camera has moved: a frame now, a finer one when nothing has moved for a moment.
  moving(pane = this.panes[0]) {
    this.#follow(pane);
    this.redraw(false);
    clearTimeout(this.stillTimer);
    this.stillTimer = setTimeout(() => {
      this.stillTimer = null;
      this.redraw(true);
      this.#toAddress();
    }, this.pace.stillMs);
  }

  // Whether nothing moves, all is drawn and the address says what is seen.
  get isStill() {
    return !isFlying() && !this.stillTimer && !this.waiting;
  }

  redraw(fine = true) {
    this.fine = fine;
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = null;
      if (this.fine || this.pace.due()) this.drawNow(this.fine);
      else for (const pane of this.panes) pane.shift(this.pace.slow);
    });
  }

  drawNow(fine) {
    if (!fine) this.#timeDrawing();
    for (const pane of this.panes) pane.draw(this.look, this.theme, { fine, share: this.pace.share, bare: !fine && this.pace.slow });
  }

  #timeDrawing() {
    this.pace.begun();
    const look = () => {
      if (this.panes.every(({ view }) => view.ended)) this.pace.end();
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }

  flyTo(box, pane) {
    fly(pane.camera, box, () => this.moving(pane));
  }

  showAll() {
    const [pane] = this.panes;
    this.flyTo(pane.camera.extent, pane);
  }

  flyToChosen() {
    const { cell } = this.origin.marks.chosen ?? {};
    if (cell !== undefined) this.flyTo(this.origin.around(this.origin.overlay.cellBox(cell)), this.origin);
  }

  // --- what is chosen ---

  #click(pane, px, py) {
    const cell = pane.cellAt(px, py);
    this.choose(cell >= 0 ? { cell } : null, pane);
  }

  // `chosen`: { cell }, { net }, { unit }, { group } of the pane's run, or null. The other runs' is what is called so there.
  choose(chosen, pane = this.origin) {
    this.origin = pane;
    this.#mark(chosen, pane);
    if (chosen === null) this.panes.forEach(({ marks }) => Object.assign(marks, { path: null, markers: [], marker: null, ruler: null }));
    this.look.tab = "details";
    if (chosen?.cell !== undefined) {
      const [x, y] = pane.facts.middle(chosen.cell);
      if (!pane.sees(x, y)) {
        Object.assign(pane.camera, { x, y });
        this.#follow(pane);
      }
    }
    this.recolour();
    this.panels();
  }

  #mark(chosen, pane) {
    for (const { facts, marks } of this.panes) {
      const own = facts === pane.facts ? chosen : counterpart(chosen, pane.facts, facts);
      Object.assign(marks, { chosen: own, many: null, results: null, absent: chosen && !own ? nameOf(pane.facts, chosen) : null });
    }
  }

  // Cells of one run, by their numbers.
  chooseMany(facts, cells) {
    const { marks } = this.panes.find((pane) => pane.facts === facts);
    Object.assign(marks, { chosen: null, absent: null, many: new Set(cells) });
    this.recolour();
  }

  chooseFamily(name) {
    for (const { run, facts, marks } of this.panes) {
      const cells = new Set();
      for (let cell = 0; cell < facts.cells.length; cell++) if (run.families[run.familyOf(cell)] === name) cells.add(cell);
      Object.assign(marks, { chosen: null, absent: null, many: cells });
    }
    this.recolour();
  }

  search(words) {
    if (!words) return;
    for (const kind of ["cell", "net"]) {
      const pane = this.panes.find(({ facts }) => facts.byName[kind].has(words));
      if (!pane) continue;
      this.choose({ [kind]: pane.facts.byName[kind].get(words) }, pane);
      return kind === "cell" ? this.flyToChosen() : undefined;
    }
    for (const { facts, marks } of this.panes) {
      const found = find(facts, words);
      const types = new Set(found.types);
      const ofType = facts.cells.map((_, cell) => cell).filter((cell) => types.has(facts.arrays.master[cell]));
      Object.assign(marks, { chosen: null, absent: null, results: { words, found }, many: new Set(found.cells.concat(ofType)) });
    }
    this.look.tab = "details";
    this.recolour();
    this.panels();
  }

  showPath(pane, { check, index, stage = null }, flies = true) {
    const { facts, marks } = pane;
    const path = facts.timing.paths[check][index];
    marks.path = { check, index, path, stage };
    if (flies) {
      const points = path.stages.map(([pin]) => facts.placeOf(pin)).filter(Boolean);
      if (points.length) {
        const [xs, ys] = [0, 1].map((axis) => points.map((point) => point[axis]));
        this.flyTo(pane.around([Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)], 5), pane);
      }
      this.panels();
    }
    this.redraw();
    this.#toAddress();
  }

  toggleClockTree(pane) {
    pane.marks.clockTree = pane.marks.clockTree ? null : pane.run.clockTree;
    this.panels();
    this.redraw();
  }

  flyToMarker(pane, index) {
    const { facts, marks } = pane;
    marks.marker = index;
    marks.markers = facts.markers.map((marker, number) => ({ box: marker.slice(2), chosen: number === index }));
    this.flyTo(pane.around(facts.markers[index].slice(2).map((um) => um * facts.unitsPerUm), 2), pane);
    this.panels();
  }

  toggleRuler() {
    const { look, panes } = this;
    look.ruling = !look.ruling;
    for (const { marks, section } of panes) {
      if (!look.ruling) marks.ruler = null;
      section.classList.toggle("ruling", look.ruling);
    }
    byId("ruler").setAttribute("aria-pressed", String(look.ruling));
    this.redraw();
  }

  // Takes a pointer for the ruler: true while one measures.
  #measure(pane, px, py, phase) {
    if (!this.look.ruling) return false;
    const place = pane.camera.toLayout(px, py);
    if (phase === "down") pane.marks.ruler = { from: place, to: null };
    else pane.marks.ruler.to = place;
    this.redraw();
    return true;
  }

  openTab(tab) {
    this.look.tab = tab;
    this.panels();
    this.#toAddress();
  }

  panels() {
    for (const tab of this.tabs) byId(`tab-${tab}`).setAttribute("aria-selected", String(tab === this.look.tab));
    byId("panel").replaceChildren(panelOf(this));
  }

  // --- the address ---

  #toAddress() {
    if (!this.ready) return;
    address.write(this);
    this.written = location.hash;
  }

  #fromAddress() {
    if (location.hash === this.written) return;
    const { look, panes } = this;
    const said = address.read(panes);
    look.mode = this.modes.some(({ id }) => id === said.colour) ? said.colour : this.modes[0].id;
    Object.assign(look, { squares: said.squares, wires: said.wires, hiddenGroups: new Set(said.hidden) });
    if (this.tabs.includes(said.tab)) look.tab = said.tab;
    byId("wires").checked = said.wires;
    showLayers(this);
    this.origin = said.pane ?? panes[0];
    this.#mark(said.chosen, this.origin);
    said.paths.forEach((path, index) => {
      if (!path) return;
      panes[index].marks.path = { ...path, path: panes[index].facts.timing.paths[path.check][path.index], stage: null };
      look.check = path.check;
    });
    if (said.place) {
      const [{ camera, facts }] = panes;
      const [x, y, w] = said.place.map((um) => um * facts.unitsPerUm);
      Object.assign(camera, { x, y, scale: w / camera.width });
      this.#follow(panes[0]);
    }
    this.ready = true;
  }
}
