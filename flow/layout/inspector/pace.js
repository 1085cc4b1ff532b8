// When to draw anew while the view moves. Between two drawings the last picture is shifted, which costs next to nothing.

const STILL_MS = 140;
const FRAME_MS = 20;
const REST = 3;
// Of a drawing that waited behind others.
const COST_MAX_MS = 250;
const COARSE = 0.5;

export class Pace {
  // `share`: of the pixels each way, while moving; half where a drawing takes longer than a frame.
  constructor() {
    Object.assign(this, { share: 1, costMs: 0, begunAt: null, ended: true });
  }

  // So long nothing moves until a fine picture is drawn: one between two frames would make them slower still.
  get stillMs() {
    return Math.max(STILL_MS, 2 * this.costMs);
  }

  get slow() {
    return this.share < 1;
  }

  begun(now = performance.now()) {
    this.begunAt = now;
    this.ended = false;
  }

  // What was begun last is on the screen.
  end(now = performance.now()) {
    this.ended = true;
    this.costMs = Math.min(now - this.begunAt, COST_MAX_MS);
    if (this.costMs > FRAME_MS) this.share = COARSE;
  }

  // Whether it is time for another drawing: a slow machine rests between two.
  due(now = performance.now()) {
    return this.begunAt === null || (this.ended && (this.costMs <= FRAME_MS || now - this.begunAt > REST * this.costMs));
  }
}
