// The sign-off checks and the places that they complain of.

import { element, link } from "inspector/dom.js";
import { count, fixed } from "inspector/units.js";

const MARKERS_MAX = 500;

export function checksPanel(facts, marker, { flyTo }) {
  return element("div", {},
    element("table", { class: "facts" }, Object.entries(facts.run.checks).map(([name, [status, detail]]) =>
      element("tr", {}, element("th", { scope: "row" }, name.replaceAll("_", " ")), element("td", {}, element("b", { class: status === "fail" ? "bad" : null }, status), `: ${detail}`)))),
    element("h3", {}, `${count(facts.markers.length)} markers`),
    facts.markers.length ? null : element("p", { class: "note" }, "the checks left none"),
    element("ul", { class: "pins scroll" }, facts.markers.slice(0, MARKERS_MAX).map(([rule, says, x0, y0, x1, y1], index) =>
      element("li", { class: marker === index ? "chosen" : null }, link(rule, () => flyTo(index), says), element("span", { class: "note" }, ` ${fixed((x0 + x1) / 2, 3)}, ${fixed((y0 + y1) / 2, 3)} um: ${says}`)))));
}
