// The right side: a tab's panel of each run, one beneath the other.

import { checksPanel } from "inspector/checks_panel.js";
import { cellDetails, groupDetails, netDetails, unitDetails } from "inspector/details.js";
import { differencePanel } from "inspector/difference_panel.js";
import { element } from "inspector/dom.js";
import { resultsPanel } from "inspector/search.js";
import { clockPanel, pathsPanel, slackPanel } from "inspector/timing_panel.js";

export const TABS = ["details", "paths", "slack", "clock", "checks"];
export const DIFFERENCE = "difference";

export function panelOf(inspector) {
  const { look, panes } = inspector;
  if (look.tab === DIFFERENCE) return differencePanel(inspector.difference, panes.map(({ run }) => run.label));
  if (panes.length === 1) return ofPane(inspector, panes[0]);
  return element("div", {}, panes.map((pane) => element("section", { class: "run" }, element("h2", { class: "run" }, pane.run.label), ofPane(inspector, pane))));
}

function ofPane(inspector, pane) {
  const { look } = inspector;
  const { facts, run, marks } = pane;
  const choose = (chosen) => inspector.choose(chosen, pane);
  const pickCheck = (check) => { look.check = check; inspector.panels(); };
  const panels = {
    details: () => details(inspector, pane, choose),
    paths: () => pathsPanel(facts, { check: look.check, path: marks.path }, { pickCheck, choose, showPath: (...words) => inspector.showPath(pane, ...words) }),
    slack: () => slackPanel(facts, { check: look.check, bin: look.bin }, { pickCheck, choose, pickBin: (bin) => { look.bin = bin; inspector.panels(); } }),
    clock: () => clockPanel(facts, { choose, tree: run.clockTree, drawn: marks.clockTree !== null, toggleTree: () => inspector.toggleClockTree(pane) }),
    checks: () => checksPanel(facts, marks.marker, { flyTo: (index) => inspector.flyToMarker(pane, index) }),
  };
  return panels[look.tab]();
}

function details(inspector, { facts, run, marks }, choose) {
  const { chosen, absent, results } = marks;
  if (results) return resultsPanel(facts, results.words, results.found, { choose, chooseMany: (cells) => inspector.chooseMany(facts, cells) });
  if (absent) return element("article", { "data-kind": "absent" }, element("h2", {}, absent), element("p", { class: "note" }, "this layout has none of that name"));
  if (chosen?.cell !== undefined) return cellDetails(facts, chosen.cell, choose, run.cones);
  if (chosen?.net !== undefined) return netDetails(facts, chosen.net, choose, run.layerColours);
  if (chosen?.unit !== undefined) return unitDetails(facts, chosen.unit, choose, run.cones);
  if (chosen?.group !== undefined) return groupDetails(facts, chosen.group, choose, run.cones);
  return element("article", { "data-kind": "none" }, element("h2", {}, "Nothing chosen"),
    element("p", {}, "Click a cell, a group's name or a unit of the tree, or search for an instance, a net or a cell type."));
}
