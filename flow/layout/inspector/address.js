// The view's place in the address: a link shows the same place, colours and choice, in each of the runs.

import { nameOf } from "inspector/run.js";

const KINDS = ["cell", "net", "unit", "group"];

export function write({ panes, origin, look }) {
  const [{ camera, facts }] = panes;
  const um = (length) => (length / facts.unitsPerUm).toFixed(3);
  const words = new URLSearchParams({ x: um(camera.x), y: um(camera.y), w: um(camera.scale * camera.width), colour: look.mode, tab: look.tab });
  if (look.squares) words.set("squares", "1");
  if (look.wires) words.set("wires", "1");
  if (look.hiddenGroups.size) words.set("hidden", [...look.hiddenGroups].join(","));
  const { chosen } = origin.marks;
  if (chosen) {
    const kind = KINDS.find((name) => chosen[name] !== undefined);
    words.set(kind, kind === "unit" ? origin.facts.units[chosen.unit] : nameOf(origin.facts, chosen));
  }
  panes.forEach(({ marks: { path } }, index) => { if (path) words.set(pathWord(index), `${path.check}.${path.index}`); });
  history.replaceState(null, "", `#${words}`);
}

// Of the first run `path`, of the next `path2`.
function pathWord(index) {
  return index ? `path${index + 1}` : "path";
}

// What the address says, as far as a run has it. `place` in um; `chosen` is of `pane`'s run; `paths` by pane.
export function read(panes) {
  const words = new URLSearchParams(location.hash.slice(1));
  const place = ["x", "y", "w"].map((name) => (words.has(name) ? Number(words.get(name)) : NaN));
  const kind = KINDS.find((name) => words.has(name));
  const pane = kind && panes.find(({ facts }) => facts.byName[kind].has(words.get(kind)));
  const index = pane?.facts.byName[kind].get(words.get(kind));
  return {
    place: place.every(Number.isFinite) && place[2] > 0 ? place : null,
    colour: words.get("colour"), tab: words.get("tab"), squares: words.get("squares") === "1", wires: words.get("wires") === "1",
    hidden: (words.get("hidden") ?? "").split(",").filter((name) => panes.some(({ facts }) => facts.groups.includes(name))),
    pane: pane ?? null,
    chosen: pane ? { [kind]: kind === "group" ? words.get(kind) : index } : null,
    paths: panes.map(({ facts }, number) => {
      const [check, at] = (words.get(pathWord(number)) ?? "").split(".");
      return facts.timing?.paths[check]?.[Number(at)] ? { check, index: Number(at) } : null;
    }),
  };
}
