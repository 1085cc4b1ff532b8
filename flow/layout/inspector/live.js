// Beside a running viewer: the GDS itself, drawn by KLayout for the part that is looked at.

const STILL_MS = 120;

export class LivePicture {
  // `server`: its address and the number of the run; null in a page that stands alone.
  constructor(image, server) {
    Object.assign(this, { image, server, shown: false, view: 0, timer: null, layers: null });
  }

  get available() {
    return this.server !== null;
  }

  show(shown) {
    this.shown = shown && this.available;
    this.#nextView();
  }

  // Ask for the picture once the view stands still.
  follow(camera, unitsPerUm, hiddenLayers) {
    if (!this.shown) return;
    const view = this.#nextView();
    this.timer = setTimeout(async () => {
      const [x0, y0, x1, y1] = camera.window.map((length) => length / unitsPerUm);
      const [width, height] = [Math.round(camera.width), Math.round(camera.height)];
      const words = new URLSearchParams({ run: this.server.run, x0, y0, x1, y1, width, height });
      const names = await this.#layerNames();
      if (!names || view !== this.view) return;
      words.set("layers", names.filter((name) => !hiddenLayers.has(name)).join(","));
      this.image.onload = () => { if (view === this.view) this.image.hidden = false; };
      this.image.src = `${this.server.address}picture?${words}`;
    }, STILL_MS);
  }

  // A picture of an older view that is still to come is shown no more.
  #nextView() {
    this.image.hidden = true;
    clearTimeout(this.timer);
    this.view += 1;
    return this.view;
  }

  // The GDS's layers, asked for once; null while the viewer does not answer, so that the next view asks again.
  async #layerNames() {
    const { address, run } = this.server;
    this.layers ??= fetch(`${address}layers?run=${run}`).then((answer) => answer.json()).catch(() => null);
    const names = await this.layers;
    if (!names) this.layers = null;
    return names;
  }
}
