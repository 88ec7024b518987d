/** The size of a slab. */
export const slabBytes = 65_536;

/** So many are out at most: peers that do not read keep theirs. */
const mostOut = 64;
const mostFree = 16;

let out = 0;
const free: Uint8Array[] = [];

/** A place to put many small pieces behind each other; undefined where too many are out. Its bytes are anything. */
export function takeSlab(): Uint8Array | undefined {
  if (out === mostOut) return undefined;
  out += 1;
  return free.pop() ?? new Uint8Array(slabBytes);
}

/** Nobody reads it any more. */
export function giveSlab(slab: Uint8Array): void {
  out -= 1;
  if (free.length < mostFree) free.push(slab);
}
