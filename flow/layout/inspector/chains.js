// The wires of nets, from the chains that chains.py made of them: pieces and vias again.

export const ALONG_Y = 128;

// `anchor(pin)` is the place of a pin's owner. Returns the arrays of pieces and vias by net.
export function wiresOf(chain, { pitches, via_sets: viaSets }, pinStart, anchor) {
  const nets = chain.chain_pieces.length;
  const layers = Uint8Array.from(chain.piece_layer);
  const pieces = layers.length;
  const [xs, ys, lengths] = [new Int32Array(pieces), new Int32Array(pieces), new Int32Array(pieces)];
  const pieceStart = new Uint32Array(nets + 1);
  const viaStart = new Uint32Array(nets + 1);
  const vias = new Places(chain.vias_from.length);
  // Points of one net: as many as its pieces have ends.
  const longest = chain.chain_pieces.reduce((most, count) => (count > most ? count : most), 0);
  const [pointX, pointY] = [new Int32Array(2 * longest), new Int32Array(2 * longest)];
  let [piece, first, elsewhere, lone] = [0, 0, 0, 0];
  for (let net = 0; net < nets; net++) {
    let points = 0;
    const put = (x, y) => {
      if (points && pointX[points - 1] === x && pointY[points - 1] === y) return;
      pointX[points] = x;
      pointY[points++] = y;
    };
    for (const end = piece + chain.chain_pieces[net]; piece < end; piece++) {
      const back = chain.piece_back[piece];
      let x;
      let y;
      if (back) [x, y] = [pointX[points - back], pointY[points - back]];
      else if (points) {
        x = pointX[points - 1] + chain.elsewhere_x[elsewhere];
        y = pointY[points - 1] + chain.elsewhere_y[elsewhere++];
      } else {
        const from = pinStart[net] < pinStart[net + 1] ? anchor(pinStart[net] + chain.first_pin[first]) : [0, 0];
        x = from[0] + chain.first_x[first];
        y = from[1] + chain.first_y[first++];
      }
      const upright = layers[piece] >= ALONG_Y;
      const length = chain.piece_coarse[piece] * pitches[upright ? 1 : 0] + chain.piece_rest[piece];
      xs[piece] = x;
      ys[piece] = y;
      lengths[piece] = length;
      put(x, y);
      vias.add(viaSets[chain.vias_from[piece]], x, y);
      if (upright) y += length;
      else x += length;
      put(x, y);
      vias.add(viaSets[chain.vias_to[piece]], x, y);
    }
    for (; lone < chain.lone_net.length && chain.lone_net[lone] === net; lone++) {
      vias.add(viaSets[chain.lone_set[lone]], chain.lone_x[lone], chain.lone_y[lone]);
    }
    pieceStart[net + 1] = piece;
    viaStart[net + 1] = vias.count;
  }
  return {
    piece_start: pieceStart, piece_layer: layers, piece_x: xs, piece_y: ys, piece_length: lengths,
    via_start: viaStart, via_layer: vias.layers.subarray(0, vias.count), via_x: vias.xs.subarray(0, vias.count), via_y: vias.ys.subarray(0, vias.count),
  };
}

// A list of vias that grows.
class Places {
  constructor(room) {
    Object.assign(this, { count: 0, layers: new Uint8Array(room), xs: new Int32Array(room), ys: new Int32Array(room) });
  }

  // A via on each lower layer whose bit is set.
  add(set, x, y) {
    for (let layer = 0; set; layer++, set >>= 1) {
      if (!(set & 1)) continue;
      if (this.count === this.layers.length) this.#grow();
      this.layers[this.count] = layer;
      this.xs[this.count] = x;
      this.ys[this.count++] = y;
    }
  }

  #grow() {
    for (const name of ["layers", "xs", "ys"]) {
      const wider = new this[name].constructor(2 * this.count + 16);
      wider.set(this[name]);
      this[name] = wider;
    }
  }
}
