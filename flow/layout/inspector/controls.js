// Buttons, boxes and the list of layers: what each does to the inspector.

import { element } from "inspector/dom.js";
import { isDark } from "inspector/theme.js";

const byId = (id) => document.getElementById(id);

export function connectControls(inspector) {
  const { look, panes } = inspector;
  const on = (id, event, action) => byId(id).addEventListener(event, action);
  byId("colour").append(...inspector.modes.map((mode, index) => element("option", { value: mode.id }, `${mode.name}${index < 9 ? `  (${index + 1})` : ""}`)));
  on("colour", "change", (event) => inspector.colourBy(event.target.value));
  on("squares", "change", (event) => { look.squares = event.target.checked; inspector.recolour(); });
  on("wires", "change", (event) => { look.wires = event.target.checked; showLayers(inspector); inspector.redraw(); });
  on("fit", "click", () => inspector.showAll());
  on("ruler", "click", () => inspector.toggleRuler());
  on("theme", "click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    inspector.recolour();
  });
  on("help", "click", () => byId("keys").showModal());
  on("search", "submit", (event) => { event.preventDefault(); inspector.search(byId("words").value.trim()); });
  for (const tab of inspector.tabs) on(`tab-${tab}`, "click", () => inspector.openTab(tab));
  byId("live").parentElement.hidden = !panes[0].live.available;
  on("live", "change", (event) => {
    for (const { live } of panes) live.show(event.target.checked);
    showLayers(inspector);
    inspector.redraw();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => inspector.recolour());
}

// The layers of all runs by name, while any of them are drawn.
export function showLayers({ look, panes, redraw }) {
  const shown = look.wires || panes[0].live.shown;
  const colours = new Map(panes.flatMap(({ run }) => run.facts.layers.map(([name], layer) => [name, run.layerColours[layer]])).reverse());
  const names = [...new Set(panes.flatMap(({ facts }) => facts.layers.map(([name]) => name)))];
  byId("layers").replaceChildren(...(shown ? names.map((name) => {
    const box = element("input", { type: "checkbox", onchange: () => {
      look.hiddenLayers[box.checked ? "delete" : "add"](name);
      redraw();
    } });
    box.checked = !look.hiddenLayers.has(name);
    const colour = element("span", { class: "colour" });
    colour.style.background = colours.get(name);
    return element("label", {}, box, colour, ` ${name}`);
  }) : []));
}
