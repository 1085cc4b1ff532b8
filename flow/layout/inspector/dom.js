// Elements of the page. Whatever a run says becomes text, never markup.

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

export function link(text, action, title = null) {
  return element("button", { type: "button", class: "link", title, onclick: action }, text);
}

// A table of two columns: what it is, and its value or values.
export function factTable(rows) {
  return element("table", { class: "facts" }, rows.filter(Boolean).map(([name, ...values]) =>
    element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, ...values.map((value) => value ?? "–")))));
}

export function colourBox(colour) {
  const box = element("span", { class: "colour" });
  box.style.background = colour;
  return box;
}

export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}
