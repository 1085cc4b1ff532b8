// The legend: groups with area and power, each to be switched off; or a colour bar with its unit.

import { colourBox, element } from "inspector/dom.js";
import { rampGradient } from "inspector/colours.js";
import { count, fixed, percent, withUnit } from "inspector/units.js";

// `sumsOfRuns`: by run, what each name has; a single run's with power and glitches, two with their difference.
// `toggle(name)` shows or hides what a row stands for, `choose(name)` looks at it alone.
export function namesLegend(sumsOfRuns, colours, hidden, { measured, toggle, choose }) {
  const columns = sumsOfRuns.length === 1 ? columnsOfRun(sumsOfRuns[0], measured) : columnsOfRuns;
  const empty = { cells: 0, area: 0, power: 0, glitches: 0 };
  const ofName = (name) => sumsOfRuns.map((sums) => sums.find((sum) => sum.name === name) ?? empty);
  const row = (name) => {
    const sums = ofName(name);
    const box = element("input", { type: "checkbox", "aria-label": `show ${name}`, onchange: () => toggle(name) });
    box.checked = !hidden.has(name);
    return element("tr", { "data-name": name },
      element("td", {}, element("label", {}, box, colourBox(colours.get(name)))),
      element("td", { class: "name" }, element("button", { type: "button", class: "link", onclick: () => choose(name), title: sums.map((sum) => `${count(sum.cells)} cells`).join(", ") }, name)),
      columns.map(([, show]) => element("td", {}, show(...sums))));
  };
  const largest = (name) => Math.max(...ofName(name).map((sum) => sum.area));
  const order = [...colours.keys()].sort((one, two) => largest(two) - largest(one));
  const all = sumsOfRuns.map((sums) => sums.reduce((total, sum) => ({ area: total.area + sum.area, power: total.power + sum.power, glitches: total.glitches + sum.glitches }), empty));
  return element("div", {},
    element("table", { class: "legend" },
      element("thead", {}, element("tr", {}, ["", "", ...columns.map(([head]) => head)].map((head) => element("th", {}, head)))),
      element("tbody", {}, order.map(row)),
      element("tfoot", {}, element("tr", {}, element("td"), element("td", { class: "name" }, "all"), columns.map(([, show]) => element("td", {}, show(...all)))))));
}

function columnsOfRun(sums, measured) {
  const area = sums.reduce((total, sum) => total + sum.area, 0);
  const columns = [["um²", (sum) => fixed(sum.area, 0)], ["", (sum) => percent(sum.area / area)]];
  if (!measured) return columns;
  return [...columns, ["power", (sum) => withUnit(sum.power, "W")], ["glitch", (sum) => (sum.power > 0 ? fixed(Math.max(0, (100 * sum.glitches) / sum.power), 0, "%") : "–")]];
}

const columnsOfRuns = [
  ["um²", (one) => fixed(one.area, 0)],
  ["um²", (one, two) => fixed(two.area, 0)],
  ["", (one, two) => (one.area > 0 ? `${two.area < one.area ? "−" : "+"}${percent(Math.abs(two.area / one.area - 1))}` : "–")],
];

export function barLegend(mode, [low, high], squares) {
  const unit = squares && mode.perSquareUnit ? mode.perSquareUnit : mode.unit;
  const text = (value) => (unit.startsWith("W") ? withUnit(value, unit) : fixed(value, mode.unit === "ns" ? 3 : high < 10 ? 2 : 0, unit));
  const bar = element("div", { class: "bar", role: "img", "aria-label": `from ${text(low)} to ${text(high)}` });
  bar.style.background = rampGradient();
  if (mode.reversed) bar.style.transform = "scaleX(-1)";
  return element("div", {}, bar,
    element("div", { class: "ends" }, element("span", {}, text(low)), element("span", {}, text((low + high) / 2)), element("span", {}, text(high))),
    element("p", { class: "note" }, `${mode.name}${squares ? ", per square" : " of each cell"}; the ends leave out the last hundredth`));
}
