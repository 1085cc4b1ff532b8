// The colours of the cells of one or more runs, by one rule and one scale for all of them.

import { bytes, nameColours, rampColour, range, squareValues } from "inspector/colours.js";

const FADED_ALPHA = 0.75;

// Names that any of the runs has, with the colour of each: the largest first choose theirs.
export function coloursOfNames(sumsOfRuns, given = {}) {
  const areas = new Map();
  for (const sum of sumsOfRuns.flat()) areas.set(sum.name, (areas.get(sum.name) ?? 0) + sum.area);
  const names = [...areas.keys()];
  const colours = nameColours(names, [...areas.values()], given);
  return new Map(names.map((name, index) => [name, colours[index]]));
}

// What the mode says of each cell of the run, or of each square.
export function valuesOf(run, id, squares) {
  const mode = run.modes.get(id);
  if (!mode.value) return null;
  if (squares) return squareValues(mode, run.facts, run.squares);
  return Float64Array.from({ length: run.facts.cells.length }, (_, cell) => mode.value(cell));
}

// The ends of the colour bar over all runs.
export function commonRange(mode, valuesOfRuns) {
  const all = new Float64Array(valuesOfRuns.reduce((sum, values) => sum + values.length, 0));
  let next = 0;
  for (const values of valuesOfRuns) {
    all.set(values, next);
    next += values.length;
  }
  return range(mode, all);
}

// Whether a cell keeps its colour: all do unless something is chosen that others are not part of.
function kept({ facts }, { chosen, absent, many }) {
  const { group, unit } = facts.arrays;
  if (many) return (cell) => many.has(cell);
  if (absent) return () => false;
  if (chosen?.unit !== undefined) return (cell) => unit[cell] === chosen.unit;
  if (chosen?.group !== undefined) return (cell) => facts.groups[group[cell]] === chosen.group;
  return () => true;
}

// RGBA by the name of each cell's group or kind; a hidden one's cells have none.
export function namesTable(run, look, marks, theme, palettes) {
  const { facts } = run;
  const { group } = facts.arrays;
  const byType = look.mode === "type";
  const palette = (byType ? run.families : facts.groups).map((name) => bytes(palettes[byType ? "type" : "group"].get(name)));
  return table(run, look, marks, theme, (cell) => palette[byType ? run.familyOf(cell) : group[cell]]);
}

// RGBA by a number of each cell on the colour bar.
export function numbersTable(run, look, marks, theme, values, [low, high], reversed) {
  return table(run, look, marks, theme, (cell) => {
    if (Number.isNaN(values[cell])) return null;
    const share = (values[cell] - low) / (high - low);
    return rampColour(reversed ? 1 - share : share);
  });
}

export function squaresTable(values, [low, high], reversed, theme) {
  const colours = new Uint8Array(values.length * 4);
  values.forEach((value, square) => {
    const share = (value - low) / (high - low);
    put(colours, square, Number.isNaN(value) ? null : rampColour(reversed ? 1 - share : share), bytes(theme.faded));
  });
  return colours;
}

function table(run, look, marks, theme, colourOf) {
  const { facts } = run;
  const colours = new Uint8Array(facts.cells.length * 4);
  const faded = bytes(theme.faded);
  const keeps = kept(run, marks);
  const hiddenGroup = facts.groups.map((name) => look.hiddenGroups.has(name));
  const hiddenFamily = run.families.map((name) => look.hiddenFamilies.has(name));
  const { group } = facts.arrays;
  for (let cell = 0; cell < facts.cells.length; cell++) {
    if (hiddenGroup[group[cell]] || hiddenFamily[run.familyOf(cell)]) continue;
    put(colours, cell, keeps(cell) ? colourOf(cell) : null, faded);
  }
  return colours;
}

function put(colours, index, colour, faded) {
  const [red, green, blue] = colour ?? faded;
  colours[index * 4] = red;
  colours[index * 4 + 1] = green;
  colours[index * 4 + 2] = blue;
  colours[index * 4 + 3] = colour ? 255 : Math.round(255 * FADED_ALPHA);
}
