"""Questions to the inspector's page in headless Chromium, and its answers."""

import json

from chromium import open_page

SIZE = {"width_px": 1400, "height_px": 800}
# Every question begins so: the page is there, its helpers too.
BEGIN = """
const inspector = await window.inspector;
const {look} = inspector;
const [pane] = inspector.panes;
const {facts, camera, marks} = pane;
const byId = (id) => document.getElementById(id);
const text = (id) => byId(id).innerText;
const settle = () => new Promise((done) => setTimeout(done, 700));
const corner = () => pane.section.getBoundingClientRect();
const press = (type, x, y) => pane.section.dispatchEvent(new PointerEvent(type,
  {pointerId: 1, bubbles: true, clientX: x + corner().left, clientY: y + corner().top}));
const clickCell = (name) => {
  const [x, y] = camera.toScreen(...facts.middle(facts.byName.cell.get(name)));
  press("pointerdown", x, y); press("pointerup", x, y);
};
const key = (name) => dispatchEvent(new KeyboardEvent("keydown", {key: name}));
const row = (head) => [...document.querySelectorAll("#panel .facts tr")]
  .find((line) => line.cells[0].innerText === head)?.cells[1].innerText;
"""


def answer(page, tmp_path, question, **options):
    """Return what the question returns, through JSON."""
    opened = open_page(page, tmp_path / "shot.png", question=as_json(question), webgl=True, **SIZE, **options)
    assert opened.console == ()
    return json.loads(opened.answer)


def as_json(question):
    """Return the question, which may use what BEGIN makes, so that its answer comes as JSON."""
    return f"return JSON.stringify(await (async () => {{ {BEGIN} {question} }})());"
