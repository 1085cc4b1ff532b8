// The whole dies by group, before anything else of the runs is unpacked.

import { Camera, extentOf } from "inspector/camera.js";
import { CellsView } from "inspector/cells_view.js";
import { coloursOfNames } from "inspector/colouring.js";
import { bytes } from "inspector/colours.js";
import { siteGrid } from "inspector/grid.js";
import { sumsOf } from "inspector/sums.js";
import { themeNow } from "inspector/theme.js";

export function drawFirst(layouts, sections, given) {
  const colours = coloursOfNames(layouts.map((placed) => sumsOf(placed, placed.arrays.group, placed.groups)), given);
  const extentUm = extentOf(layouts);
  layouts.forEach((placed, index) => {
    const box = sections[index].getBoundingClientRect();
    const camera = new Camera(extentUm.map((um) => um * placed.unitsPerUm));
    camera.resize(box.width, box.height);
    camera.fit();
    const view = new CellsView(sections[index].querySelector(".cells"));
    view.resize([box.width, box.height].map(Math.round));
    view.setGrid(siteGrid(placed));
    const palette = placed.groups.map((name) => [...bytes(colours.get(name)), 255]);
    const table = new Uint8Array(4 * placed.arrays.group.length);
    placed.arrays.group.forEach((group, cell) => table.set(palette[group], 4 * cell));
    view.setColours(table);
    view.draw(camera, placed.run.die, themeNow(), false);
  });
}
