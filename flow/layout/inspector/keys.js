// The keyboard: what `?` lists.

const STEP_PX = 80;

export function watchKeys(inspector) {
  const { look } = inspector;
  const [pane] = inspector.panes;
  const { camera } = pane;
  const press = (id) => document.getElementById(id).click();
  const moves = {
    ArrowLeft: () => camera.move(STEP_PX, 0), ArrowRight: () => camera.move(-STEP_PX, 0),
    ArrowUp: () => camera.move(0, STEP_PX), ArrowDown: () => camera.move(0, -STEP_PX),
    "+": () => camera.zoom(0.75), "=": () => camera.zoom(0.75), "-": () => camera.zoom(1 / 0.75),
  };
  const acts = {
    f: () => inspector.showAll(), 0: () => inspector.showAll(),
    "/": () => document.getElementById("words").focus(), "?": () => document.getElementById("keys").showModal(),
    w: () => press("wires"), q: () => press("squares"), r: () => inspector.toggleRuler(),
    n: () => inspector.openTab(inspector.tabs[(inspector.tabs.indexOf(look.tab) + 1) % inspector.tabs.length]),
    z: () => inspector.flyToChosen(), Escape: () => inspector.choose(null),
  };
  addEventListener("keydown", (event) => {
    if (event.target.closest?.("input:not([type=checkbox]), select, dialog") || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const mode = /^[1-9]$/.test(event.key) ? inspector.modes[event.key - 1] : undefined;
    if (moves[event.key]) { moves[event.key](); inspector.moving(pane); }
    else if (acts[event.key]) acts[event.key]();
    else if (mode) inspector.colourBy(mode.id);
    else return;
    event.preventDefault();
  });
}
