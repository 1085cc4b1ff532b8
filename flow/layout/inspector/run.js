// A run as the page looks at it: its facts, and what is worked out of them once.

import { Cones } from "inspector/cones.js";
import { family, modes } from "inspector/colours.js";
import { siteGrid, squareGrid } from "inspector/grid.js";
import { groupPlaces } from "inspector/group_places.js";
import { sumsOf } from "inspector/sums.js";
import { clockTree } from "inspector/timing_panel.js";
import { WireIndex } from "inspector/wires.js";

export class Run {
  // `said`: the run's label beside another run, and its layers' colours.
  constructor(facts, said) {
    this.facts = facts;
    this.label = said.label;
    this.layerColours = said.layer_colours;
    this.sites = siteGrid(facts);
    this.squares = squareGrid(facts);
    this.modes = new Map(modes(facts).map((mode) => [mode.id, mode]));
    this.groupSums = sumsOf(facts, facts.arrays.group, facts.groups);
    this.families = [...new Set(facts.masters.map(([name]) => family(name)))].sort();
    this.familyOfMaster = facts.masters.map(([name]) => this.families.indexOf(family(name)));
    this.familySums = sumsOf(facts, Uint16Array.from(facts.arrays.master, (master) => this.familyOfMaster[master]), this.families);
  }

  familyOf(cell) {
    return this.familyOfMaster[this.facts.arrays.master[cell]];
  }

  get groupPlaces() {
    return (this.places ??= groupPlaces(this.facts));
  }

  get clockTree() {
    if (this.tree === undefined) this.tree = clockTree(this.facts);
    return this.tree;
  }

  get cones() {
    return (this.feeding ??= new Cones(this.facts, this.clockTree?.nets ?? new Set()));
  }

  get wires() {
    return (this.wireIndex ??= new WireIndex(this.facts));
  }
}

// What `chosen` of one run is in another: the same name. A cell without its like leads to its unit, any other to null.
export function counterpart(chosen, from, to) {
  if (chosen === null) return null;
  const named = (kind, names, index) => {
    const number = to.byName[kind].get(names[index]);
    return number === undefined ? null : { [kind]: number };
  };
  if (chosen.group !== undefined) return to.groups.includes(chosen.group) ? chosen : null;
  if (chosen.net !== undefined) return named("net", from.nets, chosen.net);
  if (chosen.unit !== undefined) return named("unit", from.units, chosen.unit);
  return named("cell", from.cells, chosen.cell) ?? named("unit", from.units, from.arrays.unit[chosen.cell]);
}

export function nameOf(facts, chosen) {
  if (chosen.cell !== undefined) return facts.cells[chosen.cell];
  if (chosen.net !== undefined) return facts.nets[chosen.net];
  return chosen.group ?? (facts.units[chosen.unit] || "put in by the engines");
}
