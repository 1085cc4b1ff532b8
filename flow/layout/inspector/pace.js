// How fast frames come: where too slowly, those while moving have fewer pixels.

const STILL_MS = 140;
const SLOW_MS = 40;
const PAUSE_MS = 1000;
const SLOW_FRAMES = 3;

export class Pace {
  // `share`: of the pixels each way, while moving. `stillMs`: so long nothing moves until a fine picture is drawn.
  constructor() {
    Object.assign(this, { share: 1, stillMs: STILL_MS, slowFrames: 0, movedAt: 0 });
  }

  moved(now = performance.now()) {
    const since = now - this.movedAt;
    this.movedAt = now;
    if (since > PAUSE_MS) this.slowFrames = 0;
    else {
      this.slowFrames = since > SLOW_MS ? this.slowFrames + 1 : 0;
      // Not before two more frames could have come: a fine one between them would make them slower still.
      this.stillMs = Math.max(STILL_MS, 2.5 * since);
    }
    if (this.slowFrames >= SLOW_FRAMES) this.share = 0.5;
  }
}
