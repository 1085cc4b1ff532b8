// What differs between two runs, in numbers: as flow/layout/difference.py tells it.

import { element } from "inspector/dom.js";

export function differencePanel(sections, labels) {
  return element("div", {}, sections.map(({ title, rows }) => element("section", { "data-difference": title },
    element("h3", {}, title),
    element("table", { class: "rows numbers" },
      element("thead", {}, element("tr", {}, ["", ...labels, "difference", ""].map((head) => element("th", {}, head)))),
      element("tbody", {}, rows.map(([name, ...texts]) => element("tr", { "data-name": name },
        element("td", {}, name), texts.map((text) => element("td", {}, text)))))))));
}
