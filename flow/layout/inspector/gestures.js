// Mouse, touch and pen on the picture: one pointer moves it, two zoom it, one that stays clicks.

const CLICK_PX = 5;

// `events`: moved(dx, dy), zoomed(factor, px, py), clicked(px, py), pointed(px, py); `holds(px, py, phase)` takes
// a pointer for the ruler by returning true.
export function watch(target, events) {
  const pointers = new Map();
  let start = null;
  let held = false;
  const local = (event) => {
    const box = target.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  target.addEventListener("pointerdown", (event) => {
    const place = local(event);
    if (event.isTrusted) target.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, place);
    if (pointers.size === 1) {
      start = { place, moved: false };
      held = events.holds(...place, "down");
    } else if (start) start.moved = true;
  });
  target.addEventListener("pointermove", (event) => {
    const place = local(event);
    const before = pointers.get(event.pointerId);
    if (!before) return events.pointed(...place);
    if (start && Math.hypot(place[0] - start.place[0], place[1] - start.place[1]) > CLICK_PX) start.moved = true;
    if (held) events.holds(...place, "move");
    else if (pointers.size === 1 && start?.moved) events.moved(place[0] - before[0], place[1] - before[1]);
    else if (pointers.size === 2) {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const distance = (point) => Math.max(20, Math.hypot(point[0] - other[0], point[1] - other[1]));
      events.moved((place[0] - before[0]) / 2, (place[1] - before[1]) / 2);
      events.zoomed(distance(before) / distance(place), (place[0] + other[0]) / 2, (place[1] + other[1]) / 2);
    }
    if (pointers.size !== 1 || start?.moved || held) pointers.set(event.pointerId, place);
  });
  const leave = (event) => {
    const place = local(event);
    if (pointers.delete(event.pointerId) && pointers.size === 0) {
      if (held) events.holds(...place, "up");
      else if (start && !start.moved && event.type === "pointerup") events.clicked(...place);
      [start, held] = [null, false];
    }
  };
  target.addEventListener("pointerup", leave);
  target.addEventListener("pointercancel", leave);
  target.addEventListener("wheel", (event) => {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? 30 : 1;
    events.zoomed(Math.exp(Math.min(Math.max(event.deltaY * lines, -240), 240) * 0.0018), ...local(event));
  }, { passive: false });
}
