// The hierarchy: design, units of the top module, their cells.

import { element, link } from "inspector/dom.js";
import { sumsOf } from "inspector/sums.js";
import { count, fixed, withUnit } from "inspector/units.js";

const CELLS_MAX = 300;

export function hierarchyTree(facts, label, { chooseUnit, chooseCell }) {
  const sums = sumsOf(facts, facts.arrays.unit, facts.units);
  const cells = facts.units.map(() => []);
  facts.cells.forEach((_, cell) => cells[facts.arrays.unit[cell]].push(cell));
  const order = facts.units.map((_, index) => index).sort((one, two) => sums[two].area - sums[one].area);
  const measured = Boolean(facts.arrays.power);
  const node = (unit) => {
    const list = element("ul", { class: "cells" });
    const fold = element("details", { "data-unit": facts.units[unit] },
      element("summary", {}, link(facts.units[unit] || "put in by the engines", () => chooseUnit(unit)),
        element("span", { class: "note" }, ` ${count(sums[unit].cells)} cells, ${fixed(sums[unit].area, 0)} um²${measured ? `, ${withUnit(sums[unit].power, "W")}` : ""}`)),
      list);
    // Cells are listed when they are asked for: there may be ten thousands.
    fold.addEventListener("toggle", () => {
      if (!fold.open || list.firstChild) return;
      const { power } = facts.arrays;
      const listed = [...cells[unit]].sort((one, two) => (measured ? power[two] - power[one] : one - two)).slice(0, CELLS_MAX);
      list.append(...listed.map((cell) => element("li", {}, link(facts.cells[cell], () => chooseCell(cell)),
        element("span", { class: "note" }, ` ${facts.masters[facts.arrays.master[cell]][0]}`))));
      if (cells[unit].length > CELLS_MAX) list.append(element("li", { class: "note" }, `the first ${CELLS_MAX}${measured ? " by power" : ""}; search finds the others`));
    });
    return fold;
  };
  return element("div", { class: "tree" }, element("div", { class: "note" }, label), order.map(node));
}
