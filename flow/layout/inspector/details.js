// All facts of what was clicked: a cell, a net, a unit.

import { colourBox, element, factTable, link } from "inspector/dom.js";
import { sumsOf } from "inspector/sums.js";
import { count, fixed, nanoseconds, percent, withUnit } from "inspector/units.js";

const PINS_MAX = 60;
const PARTS_MAX = 60;

function unitLink(facts, unit, choose) {
  return link(facts.units[unit] || "put in by the engines", () => choose({ unit }));
}

function pinLine(facts, pin, choose) {
  const net = facts.netOfPin[pin];
  const others = facts.pinsOfNet(net).filter((other) => other !== pin && facts.drives(other) !== facts.drives(pin));
  const neighbours = others.slice(0, PINS_MAX).map((other) => ownerLink(facts, other, choose));
  if (others.length > PINS_MAX) neighbours.push(element("span", { class: "note" }, `and ${count(others.length - PINS_MAX)} more`));
  return element("li", {}, element("b", {}, facts.owner(pin).name), " ", link(facts.nets[net], () => choose({ net }), "the net"),
    element("span", { class: "note" }, ratesOf(facts, net)),
    element("ul", {}, neighbours.map((neighbour) => element("li", {}, facts.drives(pin) ? "→ " : "← ", neighbour))));
}

// How often a net changes, and would without delays: where the two part, glitches begin or come from upstream.
function ratesOf(facts, net) {
  const { transitions_timed: timed, transitions_zero_delay: still } = facts.arrays;
  if (!timed) return "";
  return `  ${fixed(timed[net] / facts.run.clocks, 2)} per clock, ${fixed(still[net] / facts.run.clocks, 2)} without delays`;
}

function ownerLink(facts, pin, choose) {
  const { cell, port, name } = facts.owner(pin);
  if (cell === undefined) return element("span", {}, `port ${facts.ports[port][0]}`);
  return element("span", {}, link(facts.cells[cell], () => choose({ cell })), element("span", { class: "note" }, `/${name} ${facts.masters[facts.arrays.master[cell]][0]}`));
}

export function cellDetails(facts, cell, choose, cones) {
  const { arrays, unitsPerUm } = facts;
  const [master] = facts.masters[arrays.master[cell]];
  const unit = arrays.unit[cell];
  const known = facts.unit_facts[unit];
  const um = (length) => fixed(length / unitsPerUm, 3);
  const name = facts.cells[cell];
  const pins = [...facts.pinsOf(cell)];
  const list = (chosen) => element("ul", { class: "pins" }, chosen.map((pin) => pinLine(facts, pin, choose)));
  const power = arrays.power
    ? [["power", withUnit(arrays.power[cell], "W")], ["internal", withUnit(arrays.internal[cell], "W")],
      ["switching", withUnit(arrays.switching[cell], "W")], ["leakage", withUnit(arrays.leakage[cell], "W")],
      ["of it glitches", withUnit(arrays.glitch_power[cell], "W"), arrays.power[cell] > 0 ? `, ${percent(arrays.glitch_power[cell] / arrays.power[cell])}` : ""],
      ["toggles", `${fixed(facts.toggles[cell], 3)} per clock, ${fixed(facts.togglesStill[cell], 3)} without delays`]]
    : [["power", "not measured"]];
  return element("article", { "data-kind": "cell" },
    element("h2", {}, name),
    factTable([
      ["in", facts.run.design, " / ", unitLink(facts, unit, choose), name.includes(".") ? ` / ${name.slice(name.indexOf(".") + 1)}` : ""],
      ["group", facts.groups[arrays.group[cell]]],
      known.module && ["unit", known.module, known.source ? ` in ${known.source}` : ""],
      ["cell", master],
      [cones.isRegister(cell) ? "register, takes" : "fed by", cones.fedBy(cell).join(", ") || "nothing that changes"],
      ["size", `${um(facts.width[cell])} by ${um(facts.height[cell])} um, ${fixed(facts.area(cell), 3)} um²`],
      ["place", `${um(arrays.x[cell])}, ${um(arrays.y[cell])} um, ${facts.orientations[arrays.orientation[cell]]}`],
      ...power,
      ...(arrays.setup_slack ? [["setup slack", nanoseconds(arrays.setup_slack[cell])], ["hold slack", nanoseconds(arrays.hold_slack[cell])]] : [["slack", "not known"]]),
    ]),
    element("h3", {}, "fan-in"), list(pins.filter((pin) => !facts.drives(pin))),
    element("h3", {}, "fan-out"), list(pins.filter((pin) => facts.drives(pin))));
}

export function netDetails(facts, net, choose, layerColours) {
  const pins = facts.pinsOfNet(net);
  const lengths = new Map();
  for (const { layer, x0, y0, x1, y1 } of facts.pieces(net)) {
    lengths.set(layer, (lengths.get(layer) ?? 0) + (Math.abs(x1 - x0) + Math.abs(y1 - y0)) / facts.unitsPerUm);
  }
  const total = [...lengths.values()].reduce((sum, length) => sum + length, 0);
  const { transitions_timed: timed, transitions_zero_delay: still } = facts.arrays;
  const sinks = pins.filter((pin) => !facts.drives(pin));
  return element("article", { "data-kind": "net" },
    element("h2", {}, facts.nets[net]),
    factTable([
      ["loads", count(sinks.length)],
      ["driver", ...pins.filter((pin) => facts.drives(pin)).map((pin) => ownerLink(facts, pin, choose))],
      ["wires", fixed(total, 3, "um"), `, ${count(facts.vias(net).length)} vias`],
      timed && ["transitions", `${count(timed[net])} in ${count(facts.run.clocks)} clocks`],
      timed && ["of them glitches", `${count(Math.max(0, timed[net] - still[net]))}: without delays it is ${count(still[net])}`],
    ]),
    element("h3", {}, "wires by layer"),
    element("table", { class: "facts" }, [...lengths.keys()].sort((one, two) => one - two).map((layer) =>
      element("tr", {}, element("th", { scope: "row" }, colourBox(layerColours[layer]), " ", facts.layers[layer][0]), element("td", {}, fixed(lengths.get(layer), 3, "um"))))),
    element("h3", {}, "loads"),
    element("ul", { class: "pins" }, sinks.slice(0, PINS_MAX * 2).map((pin) => element("li", {}, ownerLink(facts, pin, choose))),
      sinks.length > PINS_MAX * 2 ? element("li", { class: "note" }, `and ${count(sinks.length - PINS_MAX * 2)} more`) : null));
}

// Power and glitches of cells by what feeds them: the parts that mapping has melted together, told apart again.
function feedTable(facts, cells, cones) {
  const { power, glitch_power: glitches } = facts.arrays;
  const parts = new Map();
  for (const cell of cells) {
    const name = cones.isRegister(cell) ? "registers" : cones.fedBy(cell).join(", ") || "nothing that changes";
    const part = parts.get(name) ?? parts.set(name, { cells: 0, power: 0, glitches: 0 }).get(name);
    part.cells += 1;
    part.power += power[cell] || 0;
    part.glitches += glitches[cell] || 0;
  }
  const rows = [...parts].sort((one, two) => two[1].glitches - one[1].glitches);
  return element("table", { class: "rows feed" },
    element("thead", {}, element("tr", {}, ["fed by", "cells", "power", "glitches"].map((head) => element("th", {}, head)))),
    element("tbody", {}, rows.map(([name, part]) => element("tr", {},
      [name, count(part.cells), withUnit(part.power, "W"), withUnit(part.glitches, "W")].map((text) => element("td", {}, text))))));
}

export function unitDetails(facts, unit, choose, cones) {
  const sum = sumsOf(facts, facts.arrays.unit, facts.units)[unit];
  const known = facts.unit_facts[unit];
  const cells = facts.cells.map((_, cell) => cell).filter((cell) => facts.arrays.unit[cell] === unit);
  const { power, glitch_power: glitches } = facts.arrays;
  const types = new Map();
  cells.forEach((cell) => {
    const [name] = facts.masters[facts.arrays.master[cell]];
    types.set(name, (types.get(name) ?? 0) + 1);
  });
  const most = [...cells].sort((one, two) => glitches?.[two] - glitches?.[one]).slice(0, 20);
  return element("article", { "data-kind": "unit" },
    element("h2", {}, facts.units[unit] || "put in by the engines"),
    known.says ? element("p", {}, known.says) : null,
    factTable([
      known.module && ["module", known.module],
      known.source && ["source", known.source],
      ["cells", count(sum.cells)],
      ["area", fixed(sum.area, 1, "um²")],
      power && ["power", withUnit(sum.power, "W")],
      power && ["of it glitches", withUnit(sum.glitches, "W"), sum.power > 0 ? `, ${percent(sum.glitches / sum.power)}` : ""],
    ]),
    power ? element("h3", {}, "by the registers that feed its cells") : null,
    power ? feedTable(facts, cells, cones) : null,
    known.parts.length ? element("h3", {}, "made of") : null,
    known.parts.length ? element("ul", { class: "pins" }, known.parts.slice(0, PARTS_MAX).map(([name, module]) => element("li", {}, name, element("span", { class: "note" }, ` ${module}`)))) : null,
    power ? element("h3", {}, "most power of glitches") : null,
    power ? element("ul", { class: "pins" }, most.map((cell) => element("li", {}, link(facts.cells[cell], () => choose({ cell })), element("span", { class: "note" }, ` ${withUnit(glitches[cell], "W")}, ${facts.masters[facts.arrays.master[cell]][0]}`)))) : null,
    element("h3", {}, "cells by type"),
    element("table", { class: "facts" }, [...types].sort((one, two) => two[1] - one[1] || (one[0] < two[0] ? -1 : 1)).slice(0, 25).map(([name, number]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, count(number))))));
}

export function groupDetails(facts, group, choose, cones) {
  const { group: groups, unit } = facts.arrays;
  const number = facts.groups.indexOf(group);
  const units = new Set();
  for (let cell = 0; cell < facts.cells.length; cell++) if (groups[cell] === number) units.add(unit[cell]);
  return element("article", { "data-kind": "group" }, element("h2", {}, group),
    [...units].sort((one, two) => one - two).map((each) => unitDetails(facts, each, choose, cones)));
}
