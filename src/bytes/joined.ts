import { placeFor } from './places.js';

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
  return filled(placeFor(size), pieces);
}

/** The place, with the pieces behind each other from its beginning on. */
export function filled(place: Uint8Array, pieces: readonly Uint8Array[]): Uint8Array {
  let at = 0;
  for (const piece of pieces) {
    put(piece, place, at);
    at += piece.length;
  }
  return place;
}

/** Copies `piece` to `at`. A call into the engine costs more than a few bytes by hand. */
export function put(piece: Uint8Array, into: Uint8Array, at: number): void {
  const { length } = piece;
  if (length > 16) into.set(piece, at);
  else for (let index = 0; index < length; index++) into[at + index] = piece[index] as number;
}
