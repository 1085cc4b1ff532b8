// A camera's way to a box, in steps of a frame.

const MARGIN = 1.15;
const LASTS_MS = 260;
let frame = null;

export const isFlying = () => frame !== null;

// `moved()` after each step. Another flight ends this one.
export function fly(camera, box, moved) {
  const from = { x: camera.x, y: camera.y, scale: camera.scale };
  camera.fit(box, MARGIN);
  const to = { x: camera.x, y: camera.y, scale: camera.scale };
  cancelAnimationFrame(frame);
  frame = null;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return moved();
  const started = performance.now();
  const step = () => {
    // Not the frame's own time: that may run by another clock.
    const share = Math.min(1, (performance.now() - started) / LASTS_MS);
    const eased = share * (2 - share);
    camera.scale = Math.exp(Math.log(from.scale) + (Math.log(to.scale) - Math.log(from.scale)) * eased);
    [camera.x, camera.y] = ["x", "y"].map((axis) => from[axis] + (to[axis] - from[axis]) * eased);
    frame = share < 1 ? requestAnimationFrame(step) : null;
    moved();
  };
  Object.assign(camera, from);
  frame = requestAnimationFrame(step);
}
