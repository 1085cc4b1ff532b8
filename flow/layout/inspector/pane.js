// One run's picture: cells, what lies over them, where it looks, what is marked in it.

import { Camera } from "inspector/camera.js";
import { CellsView } from "inspector/cells_view.js";
import { at } from "inspector/grid.js";
import { LivePicture } from "inspector/live.js";
import { Overlay } from "inspector/overlay.js";
import { fixed } from "inspector/units.js";

const DENSEST_PX = 2;
const NOTHING = { chosen: null, absent: null, many: null, results: null, path: null, markers: [], marker: null, clockTree: null, ruler: null };

export class Pane {
  // `section` holds the canvases; `extent_um` is what the camera may look at; `base` leads to the viewer's server.
  constructor(run, section, extentUm, base) {
    const { facts } = run;
    Object.assign(this, { run, facts, section, marks: { ...NOTHING } });
    this.camera = new Camera(extentUm.map((um) => um * facts.unitsPerUm));
    this.view = new CellsView(this.part("cells"));
    this.overlay = new Overlay(this.part("overlay"), facts, () => run.wires, run.layerColours);
    this.live = new LivePicture(this.part("gds"), base);
  }

  part(name) {
    return this.section.querySelector(`.${name}`);
  }

  resize() {
    const box = this.section.getBoundingClientRect();
    const ratio = Math.min(devicePixelRatio || 1, DENSEST_PX);
    this.camera.resize(box.width, box.height);
    this.pixels = [box.width, box.height].map((side) => Math.max(1, Math.round(side * ratio)));
    [this.part("overlay").width, this.part("overlay").height] = this.pixels;
  }

  // `share` of the pixels each way; `fine` with smoothed edges.
  draw(look, theme, { fine, share, bare = false }) {
    this.part("overlay").hidden = bare;
    this.view.resize(this.pixels.map((side) => Math.round(side * (fine ? 1 : share))));
    this.view.draw(this.camera, this.facts.run.die, theme, fine);
    if (!bare) this.overlay.draw(this.camera, { ...look, ...this.marks, groupPlaces: this.run.groupPlaces }, theme);
    this.part("hint").textContent = look.wires && !this.overlay.wiresShown ? "zoom in to see wires" : look.ruling ? "drag to measure" : "";
    this.live.follow(this.camera, this.facts.unitsPerUm, look.hiddenLayers);
    const { x, y, scale } = this.camera;
    this.drawn = { x, y, scale };
    this.part("sheet").style.transform = "";
  }

  // Move what was drawn last to where the camera looks now; `bare` without what lies over the cells, which costs as much again.
  shift(bare) {
    this.part("overlay").hidden = bare;
    const { camera, drawn } = this;
    const grown = drawn.scale / camera.scale;
    const dx = (camera.width / 2) * (1 - grown) + (drawn.x - camera.x) / camera.scale;
    const dy = (camera.height / 2) * (1 - grown) + (camera.y - drawn.y) / camera.scale;
    this.part("sheet").style.transform = `translate(${dx}px, ${dy}px) scale(${grown})`;
  }

  cellAt(px, py) {
    return at(this.run.sites, ...this.camera.toLayout(px, py));
  }

  // What stands at a place of the picture, as text beneath it.
  tell(px, py) {
    const { facts } = this;
    const um = this.camera.toLayout(px, py).map((length) => fixed(length / facts.unitsPerUm, 2));
    const cell = this.cellAt(px, py);
    this.part("place").textContent = `${um.join(", ")} um${cell >= 0 ? `  ${facts.cells[cell]}  ${facts.masters[facts.arrays.master[cell]][0]}` : ""}`;
  }

  // A box with room around it: `rows` rows at least.
  around([x0, y0, x1, y1], rows = 15) {
    const side = Math.max(x1 - x0, y1 - y0, rows * this.facts.run.row_height);
    const [x, y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    return [x - side / 2, y - side / 2, x + side / 2, y + side / 2];
  }

  sees(x, y) {
    const [x0, y0, x1, y1] = this.camera.window;
    return x >= x0 && x <= x1 && y >= y0 && y <= y1;
  }
}
