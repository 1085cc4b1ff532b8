// Where the page looks: the middle in the layout's units, and units per pixel of the screen.

export class Camera {
  // `extent`: the box that may be looked at.
  constructor(extent) {
    this.extent = extent;
    this.width = this.height = 1;
    this.fit();
  }

  resize(width, height) {
    [this.width, this.height] = [Math.max(1, width), Math.max(1, height)];
  }

  fit(box = this.extent, margin = 1.06) {
    const [x0, y0, x1, y1] = box;
    [this.x, this.y] = [(x0 + x1) / 2, (y0 + y1) / 2];
    this.scale = this.#limited(margin * Math.max((x1 - x0) / this.width, (y1 - y0) / this.height));
  }

  #limited(scale) {
    const whole = Math.max(this.extent[2] - this.extent[0], this.extent[3] - this.extent[1]);
    return Math.min(Math.max(scale, whole / 1e6), whole / 50);
  }

  toScreen(x, y) {
    return [this.width / 2 + (x - this.x) / this.scale, this.height / 2 - (y - this.y) / this.scale];
  }

  toLayout(px, py) {
    return [this.x + (px - this.width / 2) * this.scale, this.y - (py - this.height / 2) * this.scale];
  }

  move(dx, dy) {
    this.x = Math.min(Math.max(this.x - dx * this.scale, this.extent[0]), this.extent[2]);
    this.y = Math.min(Math.max(this.y + dy * this.scale, this.extent[1]), this.extent[3]);
  }

  // The place under (px, py) stays where it is.
  zoom(factor, px = this.width / 2, py = this.height / 2) {
    const [x, y] = this.toLayout(px, py);
    const before = this.scale;
    this.scale = this.#limited(this.scale * factor);
    const ratio = this.scale / before;
    [this.x, this.y] = [x + (this.x - x) * ratio, y + (this.y - y) * ratio];
  }

  // Look where another camera does, whose units are `ratio` of these.
  follow(other, ratio) {
    [this.x, this.y, this.scale] = [other.x * ratio, other.y * ratio, other.scale * ratio];
  }

  get window() {
    const [x0, y1] = this.toLayout(0, 0);
    const [x1, y0] = this.toLayout(this.width, this.height);
    return [x0, y0, x1, y1];
  }
}

// The smallest box around the dies of all layouts, in um.
export function extentOf(layouts) {
  const dies = layouts.map(({ run, unitsPerUm }) => run.die.map((length) => length / unitsPerUm));
  const along = (edge) => dies.map((die) => die[edge]);
  return [Math.min(...along(0)), Math.min(...along(1)), Math.max(...along(2)), Math.max(...along(3))];
}
