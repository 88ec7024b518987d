/** Holds what some thousand small messages come to: a larger one gains nothing, and stays in no cache. */
export const slabBytes = 65_536;

/** As many as a busy process needs at once; what it had beyond is let go. */
const mostKept = 32;

const kept: Uint8Array[] = [];

/** A buffer to copy small writes into, with whatever was in it before. All connections share them, so that an idle one has none. */
export function takeSlab(): Uint8Array {
  return kept.pop() ?? new Uint8Array(slabBytes);
}

/** Nobody looks at it any more. */
export function giveSlab(slab: Uint8Array): void {
  if (kept.length < mostKept) kept.push(slab);
}
