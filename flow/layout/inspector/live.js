// Beside a running viewer: the GDS itself, drawn by KLayout for the part that is looked at.

export class LivePicture {
  // `server`: its address and the number of the run; null in a page that stands alone.
  constructor(image, server) {
    Object.assign(this, { image, server, shown: false, timer: null });
  }

  get available() {
    return this.server !== null;
  }

  show(shown) {
    this.shown = shown && this.available;
    this.image.hidden = true;
  }

  // Ask for the picture once the view stands still.
  follow(camera, unitsPerUm, hiddenLayers) {
    if (!this.shown) return;
    this.image.hidden = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => {
      const [x0, y0, x1, y1] = camera.window.map((length) => length / unitsPerUm);
      const [width, height] = [Math.round(camera.width), Math.round(camera.height)];
      const { address, run } = this.server;
      const words = new URLSearchParams({ run, x0, y0, x1, y1, width, height });
      if (!this.names) this.names = await (await fetch(`${address}layers?run=${run}`)).json();
      words.set("layers", this.names.filter((name) => !hiddenLayers.has(name)).join(","));
      this.image.onload = () => { this.image.hidden = !this.shown; };
      this.image.src = `${address}picture?${words}`;
    }, 120);
  }
}
