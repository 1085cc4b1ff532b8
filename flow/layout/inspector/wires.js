// Wires near the eye: which pieces lie in a window, found by squares of the die.

const SQUARES = 64;
const PIECES_MAX = 12000;

export class WireIndex {
  constructor(facts) {
    this.facts = facts;
    const { die } = facts.run;
    this.side = Math.max(die[2] - die[0], die[3] - die[1]) / SQUARES;
    this.origin = [die[0], die[1]];
    this.squares = Array.from({ length: SQUARES * SQUARES }, () => []);
    for (let index = 0; index < facts.arrays.piece_x.length; index++) {
      const { x0, y0, x1, y1 } = facts.piece(index);
      this.#each([Math.min(x0, x1), Math.min(y0, y1), Math.max(x0, x1), Math.max(y0, y1)], (square) => square.push(index));
    }
  }

  #each([x0, y0, x1, y1], visit) {
    const square = (value, axis) => Math.min(SQUARES - 1, Math.max(0, Math.floor((value - this.origin[axis]) / this.side)));
    for (let row = square(y0, 1); row <= square(y1, 1); row++) {
      for (let column = square(x0, 0); column <= square(x1, 0); column++) visit(this.squares[row * SQUARES + column]);
    }
  }

  // The numbers of the pieces in the window, null where they are too many to be told apart.
  within(window) {
    const seen = new Set();
    let all = 0;
    this.#each(window, (square) => { all += square.length; });
    if (all > PIECES_MAX) return null;
    this.#each(window, (square) => square.forEach((index) => seen.add(index)));
    return seen;
  }
}
