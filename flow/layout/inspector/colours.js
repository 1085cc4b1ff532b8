// What the colour of a cell means: a ramp for numbers, a palette for names.

export const THEMES = {
  light: { page: "#ffffff", ground: "#eceff2", text: "#1c2127", faded: "#d6dbe1", line: "#10151b" },
  dark: { page: "#0d1117", ground: "#1b222b", text: "#e6edf3", faded: "#333c47", line: "#ffffff" },
};
// Viridis, by Stéfan van der Walt and Nathaniel Smith (CC0): even steps of lightness, told apart without red and green.
const RAMP = ["#440154", "#482878", "#3e4a89", "#31688e", "#26838f", "#1f9d8a", "#6cce5a", "#b6de2b", "#fee825"];
const PALETTE = ["#1f4a94", "#2fb394", "#ffd83a", "#d62839", "#7f3fb5", "#f0784f", "#8fb0d6", "#7a3b12", "#b8d458", "#e7a6c9", "#5fd0e0", "#3d7a3d"];
const REST = "#8b939c";

export const bytes = (text) => [1, 3, 5].map((index) => parseInt(text.slice(index, index + 2), 16));

export function rampColour(share) {
  const place = Math.min(Math.max(share, 0), 1) * (RAMP.length - 1);
  const low = Math.min(Math.floor(place), RAMP.length - 2);
  const [from, to] = [bytes(RAMP[low]), bytes(RAMP[low + 1])];
  return from.map((value, index) => Math.round(value + (to[index] - value) * (place - low)));
}

export function rampGradient() {
  return `linear-gradient(to right, ${RAMP.join(", ")})`;
}

// The kind of a library cell: its name without the drive strength.
export function family(master) {
  return master.replace(/_ASAP7.*$/, "").replace(/^(sky130_fd_sc_[a-z]+__|sg13g2_)/, "").replace(/(_X\d+|x\d+(p\d+)?|_\d+)$/i, "");
}

// The modes that this run can be coloured by. `value` is of a cell; `square` says how a square's is made of its cells'.
export function modes(facts) {
  const { arrays } = facts;
  const share = (cell) => (arrays.power[cell] > 0 ? Math.max(0, arrays.glitch_power[cell]) / arrays.power[cell] : 0);
  const all = [
    { id: "group", name: "group" },
    { id: "type", name: "cell type" },
    arrays.power && { id: "power", name: "power", unit: "W", perSquareUnit: "W/um²", square: "per area", value: (cell) => arrays.power[cell] },
    arrays.power && { id: "glitches", name: "share of glitches", unit: "%", square: "weighted", least: 0, value: (cell) => 100 * share(cell), weight: (cell) => arrays.power[cell] },
    arrays.power && { id: "glitch_power", name: "power of glitches", unit: "W", perSquareUnit: "W/um²", square: "per area", least: 0, value: (cell) => Math.max(0, arrays.glitch_power[cell]) },
    facts.toggles && { id: "toggles", name: "toggle rate", unit: "per clock", square: "mean", least: 0, value: (cell) => facts.toggles[cell] },
    arrays.setup_slack && { id: "setup", name: "worst setup slack", unit: "ns", square: "least", reversed: true, value: (cell) => arrays.setup_slack[cell] },
    arrays.hold_slack && { id: "hold", name: "worst hold slack", unit: "ns", square: "least", reversed: true, value: (cell) => arrays.hold_slack[cell] },
    { id: "density", name: "density", unit: "%", square: "covered", least: 0, squaresOnly: true, value: (cell) => facts.area(cell) },
  ];
  return all.filter(Boolean);
}

// The ends of a mode's colour bar: without the hundredth at either end, which would hide the rest.
export function range(mode, values) {
  const known = Float64Array.from(values).filter((value) => !Number.isNaN(value)).sort();
  if (known.length === 0) return [0, 1];
  const low = mode.least ?? known[Math.floor(known.length * 0.01)];
  const high = known[Math.min(known.length - 1, Math.floor(known.length * 0.99))];
  return high > low ? [low, high] : [low, low + (Math.abs(low) || 1)];
}

export function squareValues(mode, facts, grid) {
  const squares = grid.columns * grid.rows;
  const sums = new Float64Array(squares);
  const weights = new Float64Array(squares);
  const least = new Float64Array(squares).fill(NaN);
  for (let cell = 0; cell < facts.cells.length; cell++) {
    const [x, y] = facts.middle(cell);
    const column = Math.min(grid.columns - 1, Math.floor((x - grid.origin[0]) / grid.pitch[0]));
    const row = Math.min(grid.rows - 1, Math.floor((y - grid.origin[1]) / grid.pitch[1]));
    const value = mode.value(cell);
    if (column < 0 || row < 0 || Number.isNaN(value)) continue;
    const square = row * grid.columns + column;
    const weight = mode.weight ? mode.weight(cell) : 1;
    sums[square] += value * (mode.square === "weighted" ? weight : 1);
    weights[square] += weight;
    if (!(least[square] <= value)) least[square] = value;
  }
  const area = (grid.pitch[0] * grid.pitch[1]) / facts.unitsPerUm ** 2;
  const ways = {
    "per area": (square) => sums[square] / area,
    covered: (square) => (100 * sums[square]) / area,
    weighted: (square) => (weights[square] ? sums[square] / weights[square] : NaN),
    mean: (square) => (weights[square] ? sums[square] / weights[square] : NaN),
    least: (square) => least[square],
  };
  return Float64Array.from({ length: squares }, (_, square) => ways[mode.square](square));
}

// The colours of names: those given first, the others from the palette by how much area they have.
export function nameColours(names, areas, given = {}) {
  const order = names.map((_, index) => index).sort((one, two) => areas[two] - areas[one] || one - two);
  const colours = new Array(names.length);
  let next = 0;
  for (const index of order) colours[index] = given[names[index]] ?? PALETTE[next++] ?? REST;
  return colours;
}
