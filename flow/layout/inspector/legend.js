// The legend: groups with area and power, each to be switched off; or a colour bar with its unit.

import { colourBox, element } from "inspector/dom.js";
import { rampGradient } from "inspector/colours.js";
import { count, fixed, percent, withUnit } from "inspector/units.js";

export function sumsOf(facts, indexOf, names) {
  const sums = names.map((name) => ({ name, cells: 0, area: 0, power: 0, glitches: 0 }));
  const { power, glitch_power: glitches } = facts.arrays;
  for (let cell = 0; cell < facts.cells.length; cell++) {
    const sum = sums[indexOf(cell)];
    sum.cells += 1;
    sum.area += facts.area(cell);
    if (power) [sum.power, sum.glitches] = [sum.power + (power[cell] || 0), sum.glitches + (glitches[cell] || 0)];
  }
  return sums;
}

// `toggle(name)` shows or hides what a row stands for, `choose(name)` looks at it alone.
export function namesLegend(facts, sums, colours, hidden, { toggle, choose }) {
  const area = sums.reduce((total, sum) => total + sum.area, 0);
  const power = sums.reduce((total, sum) => total + sum.power, 0);
  const measured = Boolean(facts.arrays.power);
  const row = (sum, index) => {
    const box = element("input", { type: "checkbox", "aria-label": `show ${sum.name}`, onchange: () => toggle(sum.name) });
    box.checked = !hidden.has(sum.name);
    return element("tr", { "data-name": sum.name },
      element("td", {}, element("label", {}, box, colourBox(colours[index]))),
      element("td", { class: "name" }, element("button", { type: "button", class: "link", onclick: () => choose(sum.name), title: `${count(sum.cells)} cells` }, sum.name)),
      element("td", {}, fixed(sum.area, 0)), element("td", {}, percent(sum.area / area)),
      ...(measured ? [element("td", {}, withUnit(sum.power, "W")), element("td", {}, sum.power > 0 ? fixed(Math.max(0, (100 * sum.glitches) / sum.power), 0, "%") : "–")] : []));
  };
  const order = sums.map((_, index) => index).sort((one, two) => sums[two].area - sums[one].area);
  const heads = ["", "", "um²", "", ...(measured ? ["power", "glitch"] : [])];
  return element("div", {},
    element("table", { class: "legend" },
      element("thead", {}, element("tr", {}, heads.map((head) => element("th", {}, head)))),
      element("tbody", {}, order.map((index) => row(sums[index], index))),
      element("tfoot", {}, element("tr", {}, element("td"), element("td", { class: "name" }, "all"),
        element("td", {}, fixed(area, 0)), element("td", {}, ""),
        ...(measured ? [element("td", {}, withUnit(power, "W")), element("td", {}, fixed((100 * sums.reduce((total, sum) => total + sum.glitches, 0)) / power, 0, "%"))] : [])))));
}

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
