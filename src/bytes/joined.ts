import { put } from './slabs.js';

/** The pieces as one: a piece that is alone stays as it is, else they are copied once. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const full = pieces.filter(({ length }) => length > 0);
  if (full.length <= 1) return full[0] ?? new Uint8Array(0);
  return copied(full);
}

/** The pieces behind each other, in a buffer of their own. */
export function copied(pieces: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  const whole = new Uint8Array(size);
  let filled = 0;
  for (const piece of pieces) {
    put(piece, whole, filled);
    filled += piece.length;
  }
  return whole;
}
