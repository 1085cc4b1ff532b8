// The script of every page of the dashboard. What a page shows goes in as text, never as HTML.
"use strict";

const CHART_HEIGHT = 130, MANY_RUNS = 100;
const RUN = { revision: 0, subject: 1, date: 2, branch: 3, activity: 4, aside: 5 };
const opened = new Map();
const waiting = new Map();
let drawers = null;

function made(name, text, attributes = {}) {
  const element = document.createElement(name);
  if (text) element.textContent = text;
  for (const key in attributes) element.setAttribute(key, attributes[key]);
  return element;
}

function shown(trend, value) {
  if (value === null || value === undefined) return "–";
  const shape = { minimumFractionDigits: trend.decimals, maximumFractionDigits: trend.decimals };
  const text = (value * trend.factor).toLocaleString("en-US", shape);
  return `${/^-[0.,]*$/.test(text) ? text.slice(1) : text} ${trend.unit}`.trim();
}

// As Metric.show_change: percent of the magnitude before, or the change in the unit.
function change(trend, before, after) {
  const difference = after - before;
  const signed = (value, decimals) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(decimals)}`;
  if (trend.relative && before !== 0) return `${signed(100 * difference / Math.abs(before), 2)} %`;
  return `${signed(difference * trend.factor, trend.decimals)} ${trend.unit}`.trim();
}

// A file beside the page that calls show(name, data): a script, so that it is read from a folder, too.
function fetchData(folder, file) {
  const name = file.replace(/\.js$/, "");
  if (opened.has(name)) return Promise.resolve(opened.get(name));
  return new Promise((done, failed) => {
    waiting.set(name, done);
    const script = made("script", "", { src: `${folder}/${file}` });
    script.onerror = () => failed(new Error(`${file} is not there`));
    document.head.append(script);
  });
}

function show(name, data) {
  opened.set(name, data);
  waiting.get(name)?.(data);
}

async function unpackCharts() {
  const packed = Uint8Array.from(atob(CHART_LIBRARY), (letter) => letter.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = made("script", await new Response(unpacked).text());
  document.head.append(script);
}

async function draw(box, specification) {
  drawers ??= unpackCharts();
  await drawers;
  const base = { background: null, config: CHART_CONFIG };
  const drawn = await vegaEmbed(box, { ...base, ...specification }, { actions: false, renderer: "svg" });
  box.view = drawn.view;
}

// The part of the runs that the filters leave, each with its place among all.
function chosenRuns(data) {
  const branch = document.getElementById("branch").value, newest = Number(document.getElementById("newest").value);
  const places = data.runs.map((run, place) => place).filter(place => !branch || data.runs[place][RUN.branch] === branch);
  return newest ? places.slice(-newest) : places;
}

function chart(trend, data, byDate) {
  const places = chosenRuns(data).filter(place => trend.values[place] !== null);
  const first = places[0] ?? 0, last = places.at(-1) ?? 0;
  const isShown = ([place]) => place > first && place <= last;
  const breaks = data.breaks.filter(isShown);
  const where = (place) => byDate ? data.runs[Math.min(place, data.runs.length - 1)][RUN.date] : place;
  const segment = (place) => breaks.filter(([at]) => at <= place).length;
  const rows = places.map(place => {
    const run = data.runs[place], band = trend.band?.[place];
    return {
      x: where(place), y: trend.values[place] * trend.factor, segment: segment(place), aside: run[RUN.aside] ? "yes" : "no",
      low: band ? band[0] * trend.factor : null, high: band ? band[1] * trend.factor : null,
      value: shown(trend, trend.values[place]), revision: run[RUN.revision], subject: run[RUN.subject],
      date: run[RUN.date], branch: run[RUN.branch], activity: run[RUN.activity], "set aside": run[RUN.aside],
      seeds: band ? `${shown(trend, band[0])} to ${shown(trend, band[1])}` : "",
    };
  });
  const before = (place) => byDate ? where(place) : place - 0.5;
  const values = rows.map(row => row.y).concat(rows.flatMap(row => row.low === null ? [] : [row.low, row.high]));
  if (trend.gate !== null) values.push(trend.gate * trend.factor);
  const low = Math.min(...values), high = Math.max(...values);
  const span = Math.max(high - low, 1e-3 * Math.abs(high), 4 * 10 ** -trend.decimals), middle = (low + high) / 2;
  const x = {
    field: "x", type: byDate ? "temporal" : "quantitative", title: null,
    axis: { grid: false, labels: byDate, ticks: byDate, tickCount: 4 },
    scale: byDate ? {} : { domain: [first - 0.6, last + 0.6], nice: false },
  };
  const y = { field: "y", type: "quantitative", title: trend.unit || null, axis: { tickCount: 4 },
    scale: { domain: [middle - 0.56 * span, middle + 0.56 * span], zero: false, nice: false } };
  const tooltip = (...fields) => fields.map(field => ({ field, type: "nominal" }));
  const solid = rows.filter(row => row.aside === "no");
  const layers = [
    { data: { values: rows.filter(row => row.low !== null) }, mark: { type: "area", opacity: 0.22, color: "#2f6fb0" },
      encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, detail: { field: "segment" } } },
    { data: { values: data.gaps.filter(isShown).map(([place, from, to, days]) =>
        ({ x: byDate ? `${from}T00:00Z` : place - 0.62, x2: byDate ? `${to}T23:59Z` : place - 0.38,
           "days without a run": days, from, to })) },
      mark: { type: "rect", opacity: 0.3, color: "#8c8c8c" },
      encoding: { x, x2: { field: "x2" }, tooltip: tooltip("days without a run", "from", "to") } },
    { data: { values: breaks.map(([place, tools]) => ({ x: before(place), "tools change": tools })) },
      mark: { type: "rule", strokeDash: [4, 3], strokeWidth: 1.5, color: "#e0a030" },
      encoding: { x, tooltip: tooltip("tools change") } },
    { data: { values: solid }, mark: { type: "line", strokeWidth: 1.5, color: "#2f6fb0" },
      encoding: { x, y, detail: { field: "segment" } } },
    { data: { values: rows },
      mark: { type: "point", filled: true, opacity: 1, size: rows.length > MANY_RUNS ? 12 : 45 },
      encoding: { x, y,
        color: { field: "aside", scale: { domain: ["no", "yes"], range: ["#2f6fb0", "#d0453a"] }, legend: null },
        shape: { field: "aside", scale: { domain: ["no", "yes"], range: ["circle", "diamond"] }, legend: null },
        tooltip: tooltip("value", "revision", "subject", "date", "branch", ...(trend.unit === "mW" ? ["activity"] : []), "seeds", "set aside") } },
    { data: { values: data.failures.filter(isShown).map(([place, revision, subject, date, reason]) =>
        ({ x: byDate ? date : place - 0.5, revision, subject, date, "could not be run": reason })) },
      mark: { type: "text", text: "✗", color: "#d0453a", fontSize: 13, y: CHART_HEIGHT - 6 },
      encoding: { x, tooltip: tooltip("revision", "subject", "date", "could not be run") } },
  ];
  // A band that stands alone would have no width.
  layers.push({ data: { values: rows.filter(row => row.low !== null) },
    mark: { type: "rule", strokeWidth: 5, opacity: 0.22, color: "#2f6fb0" },
    encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } } });
  if (trend.gate !== null)
    layers.push({ data: { values: [{ y: trend.gate * trend.factor, "the gate fails from": shown(trend, trend.gate) }] },
      mark: { type: "rule", strokeDash: [2, 3], color: "#d0453a" },
      encoding: { y, tooltip: tooltip("the gate fails from") } });
  if (trend.step && trend.values[trend.step[0]] !== null && places.includes(trend.step[0]))
    layers.push({ data: { values: [{ x: where(trend.step[0]), y: trend.values[trend.step[0]] * trend.factor,
        step: trend.step[1], since: trend.step[2] }] },
      mark: { type: "point", shape: "triangle-up", size: 130, strokeWidth: 2, color: "#e0a030", yOffset: 12 },
      encoding: { x, y, tooltip: tooltip("step", "since") } });
  return { width: "container", height: CHART_HEIGHT, layer: layers };
}

function captionOf(trend) {
  const caption = made("figcaption"), said = [` ${trend.value}${trend.verdict ? " · " + trend.verdict : ""}`];
  said.push(trend.last_change ? `last change ${trend.last_change[0]} at ${trend.last_change.slice(1).join(" ")}` : "never changed");
  if (trend.step) said.push(`step of ${trend.step[1]} since ${trend.step[2]}`);
  caption.append(made("strong", trend.title), said.join("\n"));
  return caption;
}

// Charts are drawn when they come into sight: a page may have a hundred.
const inSight = new IntersectionObserver((entries) => {
  for (const entry of entries) {
    if (!entry.isIntersecting) continue;
    inSight.unobserve(entry.target);
    const begun = entry.target.drawing();
    begun.then(() => { window.drawnAt = performance.now(); window.chartsDrawn = (window.chartsDrawn ?? 0) + 1; });
  }
}, { rootMargin: "100px" });

function drawTrends(details) {
  const data = details.data, box = details.querySelector(".trends");
  const metrics = document.getElementById("metrics").value, byDate = document.getElementById("axis").value === "date";
  box.replaceChildren();
  for (const trend of data.trends) {
    if (metrics === "critical" ? !trend.critical && trend.name !== "runtime_s" : metrics === "corner" && !trend.corner) continue;
    const whole = made("figure"), place = made("div", "", { role: "img", "aria-label": trend.title });
    whole.append(captionOf(trend), place);
    whole.drawing = () => draw(place, chart(trend, data, byDate));
    box.append(whole);
    inSight.observe(whole);
  }
}

function drawLayouts(details) {
  details.querySelector(".layouts").replaceChildren(...details.data.layouts.map(layout => {
    const figure = made("figure"), image = made("img", "", { src: layout.picture, alt: `layout at ${layout.revision}`, loading: "lazy" });
    const link = layout.page ? made("a", "", { href: layout.page, title: "look inside" }) : made("span");
    link.append(image);
    figure.append(link, made("figcaption", `${layout.revision} ${layout.subject}`));
    return figure;
  }));
}

async function open(details) {
  if (details.dataset.asked) return;
  details.dataset.asked = "yes";
  const at = details.dataset.trends.indexOf("/");
  try {
    details.data = await fetchData(details.dataset.trends.slice(0, at), details.dataset.trends.slice(at + 1));
  } catch (error) {
    details.querySelector(".trends").textContent = error.message;
    return;
  }
  const branches = document.getElementById("branch"), known = new Set([...branches.options].map(option => option.value));
  for (const name of new Set(details.data.runs.map(run => run[RUN.branch])))
    if (!known.has(name)) branches.append(new Option(name));
  drawLayouts(details);
  drawTrends(details);
}

function filterByWords(sections, titleOf) {
  document.getElementById("words").addEventListener("input", event => {
    for (const section of sections()) section.hidden = !titleOf(section).includes(event.target.value);
  });
}

function openPage() {
  const all = [...document.querySelectorAll("details[data-trends]")];
  for (const details of all) details.addEventListener("toggle", () => details.open && open(details));
  if (all.length) all[0].open = true;
  for (const name of ["metrics", "branch", "newest", "axis"])
    document.getElementById(name).addEventListener("change", () => all.forEach(details => details.data && drawTrends(details)));
  filterByWords(() => document.querySelectorAll("section"), section => section.querySelector("h2").textContent);
}

function openIndex() {
  const filters = ["design", "pdk", "verdict"].map(name => document.getElementById(name));
  const update = () => {
    for (const section of document.querySelectorAll("section"))
      section.hidden = filters.some(filter => filter.value && !section.dataset[filter.id].split(" ").includes(filter.value));
  };
  for (const filter of filters) filter.addEventListener("change", update);
  const rows = NIGHTS.flatMap(([day, runs, failed]) => [
    { day, kind: "runs", number: runs }, { day, kind: "failed", number: failed },
  ]);
  const x = { field: "day", type: "ordinal", title: null, axis: { labelAngle: 0, labelOverlap: true } };
  draw(document.getElementById("nights"), {
    width: "container", height: 70, layer: [
      { data: { values: rows.filter(row => row.number) }, mark: { type: "bar" },
        encoding: { x, y: { field: "number", type: "quantitative", title: "runs", axis: { tickCount: 3 } },
          color: { field: "kind", scale: { domain: ["runs", "failed"], range: ["#2f6fb0", "#d0453a"] }, legend: null },
          tooltip: [{ field: "day" }, { field: "kind" }, { field: "number" }] } },
      { data: { values: NIGHTS.filter(night => !night[1] && !night[2]).map(([day]) => ({ day, none: "no run" })) },
        mark: { type: "text", text: "–", fontSize: 18, fontWeight: "bold", color: "#d0453a", y: 62 },
        encoding: { x, tooltip: [{ field: "day" }, { field: "none", title: "runs" }] } },
    ],
  });
}

// The run of a configuration that a choice names: the newest of a revision, or of a branch.
function runAt(data, choice) {
  const [kind, name] = [choice.slice(0, 2), choice.slice(2)];
  const field = kind === "b:" ? RUN.branch : RUN.revision;
  return data.runs.findLastIndex(run => run[field] === name && (kind !== "b:" || !run[RUN.aside]));
}

function comparison(data, choices, changedOnly) {
  const [a, b] = choices.map(choice => runAt(data, choice));
  const section = made("section");
  section.append(made("h2", data.title));
  if (a < 0 || b < 0) {
    section.append(made("p", `no run of ${choices[a < 0 ? 0 : 1].slice(2)}`));
    return section;
  }
  const tools = data.breaks.filter(([place]) => place > Math.min(a, b) && place <= Math.max(a, b)).map(each => each[1]);
  if (tools.length) section.append(made("p", `The tools differ: ${tools.join("; ")}`));
  const table = made("table"), head = made("tr");
  head.append(...["metric", ...[a, b].map(place => `${data.runs[place][RUN.revision]} ${data.runs[place][RUN.subject]}`.slice(0, 60)), "change", ""].map(text => made("th", text)));
  table.append(head);
  for (const trend of data.trends) {
    const [before, after] = [trend.values[a], trend.values[b]];
    if (before === null && after === null) continue;
    const same = before === after;
    if (same && changedOnly) continue;
    const better = same || !trend.better || before === null || after === null ? "" : (after < before) === (trend.better === "lower") ? "better" : "worse";
    const row = made("tr");
    row.append(...[trend.title, shown(trend, before), shown(trend, after), before === null || after === null ? "–" : same ? "same" : change(trend, before, after)].map(text => made("td", text)));
    row.append(made("td", better, better ? { class: better } : {}));
    table.append(row);
  }
  section.append(table);
  return section;
}

async function openCompare() {
  const [page, a, b, changed, words] = ["page", "a", "b", "changed", "words"].map(name => document.getElementById(name));
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const [name, title] of CHOICES) page.append(new Option(title, name));
  if (CHOICES.some(choice => choice[0] === asked.get("page"))) page.value = asked.get("page");
  let data = [];
  const update = () => {
    history.replaceState(null, "", `#${new URLSearchParams({ page: page.value, a: a.value, b: b.value })}`);
    const shownData = data.filter(each => each.title.includes(words.value));
    document.getElementById("tables").replaceChildren(...shownData.map(each => comparison(each, [a.value, b.value], changed.checked)));
  };
  const load = async () => {
    const choice = CHOICES.find(each => each[0] === page.value);
    if (!choice) return;
    data = await Promise.all(choice[2].map(([, file]) => fetchData(choice[0], file)));
    const runs = new Map();
    for (const run of data.flatMap(each => each.runs)) runs.set(run[RUN.revision], run);
    const inOrder = [...runs.values()].sort((one, two) => one[RUN.date] < two[RUN.date] ? 1 : -1);
    const branches = [...new Set(inOrder.map(run => run[RUN.branch]).filter(Boolean))];
    for (const select of [a, b])
      select.replaceChildren(
        ...branches.map(name => new Option(`branch ${name}, its newest`, `b:${name}`)),
        ...inOrder.map(run => new Option(`${run[RUN.revision]} ${run[RUN.subject]}${run[RUN.aside] ? " (set aside)" : ""}`, `r:${run[RUN.revision]}`)));
    const sound = inOrder.filter(run => !run[RUN.aside]);
    b.value = `r:${(sound[0] ?? inOrder[0])[RUN.revision]}`;
    a.value = `r:${(sound[1] ?? sound[0] ?? inOrder[0])[RUN.revision]}`;
    for (const [select, name] of [[a, "a"], [b, "b"]])
      if ([...select.options].some(option => option.value === asked.get(name))) select.value = asked.get(name);
    asked.delete("a");
    asked.delete("b");
    update();
  };
  page.addEventListener("change", load);
  for (const each of [a, b, changed]) each.addEventListener("change", update);
  words.addEventListener("input", update);
  await load();
}
