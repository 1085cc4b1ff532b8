"""Questions to the inspector's page in headless Chromium, and its answers."""

from chromium import open_address, open_page

SIZE = {"width_px": 1400, "height_px": 800}
# Every question begins so: the page is there, its helpers too.
BEGIN = """
const inspector = await until("the inspector", () => window.inspector);
const {look} = inspector;
const [pane] = inspector.panes;
const {facts, camera, marks} = pane;
const still = () => until("a picture that stands still", () => inspector.isStill);
const byId = (id) => document.getElementById(id);
const text = (id) => byId(id).innerText;
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


def answer(page, question, **options):
    """Return what the question, which may use what BEGIN makes, returns; the page's console is empty."""
    return told(open_page(page, question=BEGIN + question, **SIZE, **options))


def live_answer(address, question, **options):
    """Return the same of a page that a server shows."""
    return told(open_address(address, question=BEGIN + question, **SIZE, **options))


def told(opened):
    assert opened.console == ()
    return opened.answer
