// The view's place in the address: a link shows the same place, colours and choice.

export function write(facts, camera, state) {
  const um = (length) => (length / facts.unitsPerUm).toFixed(3);
  const words = new URLSearchParams({ x: um(camera.x), y: um(camera.y), w: um(camera.scale * camera.width), colour: state.mode.id, tab: state.tab });
  if (state.squares) words.set("squares", "1");
  if (state.wires) words.set("wires", "1");
  if (state.hiddenGroups.size) words.set("hidden", [...state.hiddenGroups].join(","));
  const { chosen, path } = state;
  if (chosen?.cell !== undefined) words.set("cell", facts.cells[chosen.cell]);
  if (chosen?.net !== undefined) words.set("net", facts.nets[chosen.net]);
  if (chosen?.unit !== undefined) words.set("unit", facts.units[chosen.unit]);
  if (chosen?.group !== undefined) words.set("group", chosen.group);
  if (path) words.set("path", `${path.check}.${path.index}`);
  history.replaceState(null, "", `#${words}`);
}

// What the address says, as far as the run has it.
export function read(facts) {
  const words = new URLSearchParams(location.hash.slice(1));
  const number = (name) => (words.has(name) && Number.isFinite(Number(words.get(name))) ? Number(words.get(name)) * facts.unitsPerUm : null);
  const [x, y, w] = ["x", "y", "w"].map(number);
  const [cell, net, unit] = [facts.byName.cell.get(words.get("cell")), facts.byName.net.get(words.get("net")), facts.units.indexOf(words.get("unit"))];
  const [check, index] = (words.get("path") ?? "").split(".");
  const chosen = cell !== undefined ? { cell } : net !== undefined ? { net } : words.has("unit") && unit >= 0 ? { unit }
    : facts.groups.includes(words.get("group")) ? { group: words.get("group") } : null;
  return {
    place: x !== null && y !== null && w > 0 ? { x, y, w } : null,
    colour: words.get("colour"), tab: words.get("tab"), squares: words.get("squares") === "1", wires: words.get("wires") === "1",
    hidden: (words.get("hidden") ?? "").split(",").filter((name) => facts.groups.includes(name)),
    chosen,
    path: facts.timing?.paths[check]?.[Number(index)] ? { check, index: Number(index) } : null,
  };
}
