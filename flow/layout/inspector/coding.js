// Arrays and names as coding.py packs them.

const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array };
const ESCAPE = 255;
const MISSING = 2 ** 31 - 1;

// Reads arrays one after the other from the bytes behind the header.
export class Reader {
  constructor(bytes, offset) {
    Object.assign(this, { bytes, offset });
  }

  read([coding, ...words]) {
    return this[coding](...words);
  }

  planes(kind, elements) {
    const Kind = KINDS[kind];
    const width = Kind.BYTES_PER_ELEMENT;
    const { bytes, offset } = this;
    this.offset += elements * width;
    if (width === 1) return bytes.slice(offset, offset + elements);
    // A whole element at a time: bytes one by one take twice as long.
    const made = width === 2 ? new Uint16Array(elements) : new Uint32Array(elements);
    const [one, two, three] = [offset + elements, offset + 2 * elements, offset + 3 * elements];
    if (width === 2) for (let index = 0; index < elements; index++) made[index] = bytes[offset + index] | (bytes[one + index] << 8);
    else {
      for (let index = 0; index < elements; index++) {
        made[index] = bytes[offset + index] | (bytes[one + index] << 8) | (bytes[two + index] << 16) | (bytes[three + index] << 24);
      }
    }
    return new Kind(made.buffer);
  }

  small(elements, wide) {
    const low = this.bytes.subarray(this.offset, (this.offset += elements));
    const escaped = this.planes("u4", wide);
    const made = new Int32Array(elements);
    let next = 0;
    for (let index = 0; index < elements; index++) {
      const folded = low[index] === ESCAPE ? escaped[next++] : low[index];
      made[index] = (folded >>> 1) ^ -(folded & 1);
    }
    return made;
  }

  steps(elements, wide) {
    const made = this.small(elements, wide);
    for (let index = 1; index < elements; index++) made[index] += made[index - 1];
    return made;
  }

  grid(elements, wide, least, step) {
    const made = this.steps(elements, wide);
    for (let index = 0; index < elements; index++) made[index] = least + step * made[index];
    return made;
  }

  milli(elements) {
    return Float32Array.from(this.planes("i4", elements), (value) => (value === MISSING ? NaN : value / 1000));
  }
}

export function namesOf(kinds, kind, number) {
  return Array.from(kind, (index, place) => {
    const [before, after] = kinds[index];
    return after === undefined ? before : before + number[place] + after;
  });
}
