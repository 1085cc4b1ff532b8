// Bytes as letters.py writes them: seven bits a letter.

const REPLACED_BY = 0x100;
const UNREADABLE = [0, 13, 60];

export function bytesOf(text) {
  const letters = text.length;
  const bytes = new Uint8Array((letters * 7) >> 3);
  let held = 0;
  let bits = 0;
  let next = 0;
  for (let index = 0; index < letters; index++) {
    const code = text.charCodeAt(index);
    held = (held << 7) | (code < 128 ? code : UNREADABLE[code - REPLACED_BY]);
    bits += 7;
    if (bits >= 8) {
      bits -= 8;
      bytes[next++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return bytes;
}
