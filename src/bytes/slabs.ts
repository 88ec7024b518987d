/** The size of a slab. */
export const slabBytes = 65_536;

/** So many are out at most: peers that do not read keep theirs. */
const mostOut = 64;
const mostFree = 16;

let out = 0;
const free: Slab[] = [];

/** A place to put many small pieces behind each other. */
export class Slab {
  /** They are anything. */
  readonly bytes: Uint8Array = new Uint8Array(slabBytes);

  /** Nobody reads it any more. */
  giveBack(): void {
    out -= 1;
    if (free.length < mostFree) free.push(this);
  }
}

/** A slab; undefined where too many are out. */
export function takeSlab(): Slab | undefined {
  if (out === mostOut) return undefined;
  out += 1;
  return free.pop() ?? new Slab();
}
