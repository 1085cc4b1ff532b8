// Timing: the worst paths, a histogram of the endpoints' slacks, the clock tree.

import { element, factTable, link, svg } from "inspector/dom.js";
import { count, nanoseconds } from "inspector/units.js";

const BINS = 24;

export function pathsPanel(facts, { check, path: chosen }, { pickCheck, showPath, choose }) {
  if (!facts.timing) return element("p", { class: "note" }, "not timed: the run's folder no longer holds what OpenROAD reads");
  const paths = facts.timing.paths[check];
  return element("div", {},
    element("p", {}, checkButtons(check, pickCheck), element("span", { class: "note" }, ` the worst ${paths.length}, at corner ${facts.run.corner}`)),
    chosen ? stagesTable(facts, chosen, { showPath, choose }) : null,
    element("div", { class: "scroll" }, element("table", { class: "rows" },
      element("thead", {}, element("tr", {}, ["slack", "from", "to", "points"].map((head) => element("th", {}, head)))),
      element("tbody", {}, paths.map((path, index) => element("tr", { "data-path": index, class: path === chosen?.path ? "chosen" : null },
        element("td", {}, link(nanoseconds(path.slack), () => showPath({ check, index }))),
        element("td", {}, path.start), element("td", {}, path.end), element("td", {}, count(path.stages.length))))))));
}

function checkButtons(check, pickCheck) {
  return ["setup", "hold"].map((name) => element("button", { type: "button", "aria-pressed": String(check === name), onclick: () => pickCheck(name) }, name));
}

function stagesTable(facts, { path, check, index, stage: chosen }, { showPath, choose }) {
  return element("div", { class: "scroll stages" },
    factTable([["slack", nanoseconds(path.slack)], ["arrival", nanoseconds(path.arrival)], ["required", nanoseconds(path.required)]]),
    element("table", { class: "rows" },
      element("thead", {}, element("tr", {}, ["delay", "arrival", "at"].map((head) => element("th", {}, head)))),
      element("tbody", {}, path.stages.map(([pin, arrival, delay], stage) => {
        const cell = facts.cellOf(pin);
        return element("tr", { class: stage === chosen ? "chosen" : null, onmouseenter: () => showPath({ check, index, stage }, false) },
          element("td", {}, `${(delay * 1000).toFixed(1)} ps`), element("td", {}, nanoseconds(arrival)),
          element("td", {}, cell === undefined ? pin : link(pin, () => choose({ cell })), cell === undefined ? null : element("span", { class: "note" }, ` ${facts.masters[facts.arrays.master[cell]][0]}`)));
      }))));
}

export function slackPanel(facts, { check, bin: chosen }, { pickCheck, pickBin, choose }) {
  if (!facts.timing) return element("p", { class: "note" }, "not timed");
  const column = check === "setup" ? 1 : 2;
  const known = facts.timing.endpoints.filter((endpoint) => endpoint[column] !== null).sort((one, two) => one[column] - two[column]);
  if (!known.length) return element("p", { class: "note" }, "no constrained endpoint");
  const [low, high] = [known[0][column], known.at(-1)[column]];
  const width = (high - low) / BINS || 1;
  const bins = Array.from({ length: BINS }, () => []);
  known.forEach((endpoint) => bins[Math.min(BINS - 1, Math.floor((endpoint[column] - low) / width))].push(endpoint));
  const most = Math.max(...bins.map((bin) => bin.length));
  const chart = svg("svg", { viewBox: "0 0 300 150", role: "img", class: "histogram", "aria-label": `endpoints by ${check} slack` },
    ...bins.map((bin, index) => {
      const height = (118 * bin.length) / most;
      const bar = svg("rect", { x: 4 + (index * 292) / BINS, y: 124 - height, width: 292 / BINS - 1.5, height: Math.max(height, bin.length ? 1.5 : 0),
        class: low + width * index < 0 ? "violated" : "met", tabindex: 0, onclick: () => pickBin(index) });
      bar.append(svg("title", {}, `${count(bin.length)} endpoints from ${nanoseconds(low + width * index)} to ${nanoseconds(low + width * (index + 1))}`));
      return bar;
    }),
    svg("text", { x: 4, y: 142 }, nanoseconds(low)), svg("text", { x: 296, y: 142, "text-anchor": "end" }, nanoseconds(high)));
  const shown = bins[chosen];
  return element("div", {}, element("p", {}, checkButtons(check, pickCheck)), chart,
    element("p", { class: "note" }, `${count(known.length)} endpoints, at most ${count(most)} in a bar; a click on a bar lists its endpoints`),
    element("ul", { class: "pins scroll" }, shown.slice(0, 200).map((endpoint) => {
      const cell = facts.cellOf(endpoint[0]);
      return element("li", {}, cell === undefined ? endpoint[0] : link(endpoint[0], () => choose({ cell })), ` ${nanoseconds(endpoint[column])}`);
    })));
}

// The clock tree from the clock's port down: cells by level and the lines between them.
export function clockTree(facts) {
  const root = facts.byName.net.get(facts.clock_net);
  if (root === undefined) return null;
  const all = new Set();
  const tree = facts.groups.indexOf("clock_tree");
  const branches = [];
  const levels = [];
  let nets = [root];
  for (let level = 0; nets.length; level++) {
    const next = [];
    const row = { level, nets: nets.length, buffers: [], loads: 0 };
    for (const net of nets) {
      all.add(net);
      const pins = facts.pinsOfNet(net);
      const driver = pins.find((pin) => facts.drives(pin));
      for (const pin of pins) {
        const { cell } = facts.owner(pin);
        if (pin === driver || cell === undefined) continue;
        if (driver !== undefined) branches.push({ from: facts.place(driver), to: facts.place(pin), level });
        const outputs = [...facts.pinsOf(cell)].filter((own) => facts.drives(own));
        if (facts.arrays.group[cell] === tree && outputs.length) {
          row.buffers.push(cell);
          next.push(...outputs.map((own) => facts.netOfPin[own]));
        } else row.loads += 1;
      }
    }
    levels.push(row);
    nets = next;
  }
  return { branches, levels, nets: all };
}

export function clockPanel(facts, { choose, tree, drawn, toggleTree }) {
  if (!tree) return element("p", { class: "note" }, "no clock net");
  return element("div", {},
    element("p", {}, element("button", { type: "button", "aria-pressed": String(drawn), onclick: toggleTree }, "draw the clock tree")),
    element("table", { class: "rows" },
      element("thead", {}, element("tr", {}, ["level", "nets", "buffers", "loads"].map((head) => element("th", {}, head)))),
      element("tbody", {}, tree.levels.map((level) => element("tr", {}, [level.level, level.nets, level.buffers.length, level.loads].map((number) => element("td", {}, count(number))))))),
    element("ul", { class: "pins scroll" }, tree.levels.flatMap((level) => level.buffers.map((cell) =>
      element("li", {}, "· ".repeat(level.level + 1), link(facts.cells[cell], () => choose({ cell })), element("span", { class: "note" }, ` ${facts.masters[facts.arrays.master[cell]][0]}`))))));
}
