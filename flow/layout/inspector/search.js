// Search: instances, nets and cell types by a part of their name, or by a pattern with * and ?.

import { element, link } from "inspector/dom.js";
import { count } from "inspector/units.js";

const SHOWN = 60;

export function matcher(words) {
  const literal = words.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  if (!/[*?]/.test(words)) return (name) => name.toLowerCase().includes(words.toLowerCase());
  const pattern = new RegExp(`^${literal.replaceAll("*", ".*").replaceAll("?", ".")}$`, "i");
  return (name) => pattern.test(name);
}

export function find(facts, words) {
  const matches = matcher(words);
  const picked = (names) => names.map((name, index) => [name, index]).filter(([name]) => matches(name)).map(([, index]) => index);
  const masters = new Set(picked(facts.masters.map(([name]) => name)));
  return {
    cells: picked(facts.cells),
    nets: picked(facts.nets),
    types: [...masters],
    units: picked(facts.units).filter((unit) => facts.units[unit]),
  };
}

export function resultsPanel(facts, words, found, { choose, chooseMany }) {
  const list = (title, indices, name, action) => indices.length === 0 ? null : element("section", { "data-results": title },
    element("h3", {}, `${count(indices.length)} ${title}`),
    title === "cells" && indices.length > 1 ? link("show them all in the layout", () => chooseMany(indices)) : null,
    element("ul", { class: "pins" }, indices.slice(0, SHOWN).map((index) => element("li", {}, link(name(index), () => action(index)))),
      indices.length > SHOWN ? element("li", { class: "note" }, "…") : null));
  const ofType = (type) => facts.cells.map((_, cell) => cell).filter((cell) => facts.arrays.master[cell] === type);
  const nothing = Object.values(found).every((indices) => indices.length === 0);
  return element("article", { "data-kind": "results" }, element("h2", {}, words),
    nothing ? element("p", { class: "note" }, "no instance, net, unit or cell type is called so") : null,
    list("units", found.units, (unit) => facts.units[unit], (unit) => choose({ unit })),
    list("cell types", found.types, (type) => facts.masters[type][0], (type) => chooseMany(ofType(type))),
    list("cells", found.cells, (cell) => facts.cells[cell], (cell) => choose({ cell })),
    list("nets", found.nets, (net) => facts.nets[net], (net) => choose({ net })));
}
