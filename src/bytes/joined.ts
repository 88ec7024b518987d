import { placeInBlock } from './place-in-block.js';

/** The pieces as one: a piece that is alone stays as it is, else they are copied once. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const full = pieces.filter(({ length }) => length > 0);
  return full.length === 1 ? (full[0] as Uint8Array) : copied(full);
}

/** The pieces behind each other, in memory of their own: whoever is given it may keep it, change it, and give it away. */
export function copied(pieces: readonly Uint8Array[]): Uint8Array {
  return filled(new Uint8Array(sizeOf(pieces)), pieces);
}

/** The pieces behind each other, for a wire. */
export function copiedForWire(pieces: readonly Uint8Array[]): Uint8Array {
  return filled(placeInBlock(sizeOf(pieces)), pieces);
}

function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0;
  for (const piece of pieces) size += piece.length;
  return size;
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
