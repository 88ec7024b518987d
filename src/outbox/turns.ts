import { asapScheduler } from 'rxjs';
import { copiedForWire } from '../bytes/joined.js';

/** What collects in a turn what it will write at its end. */
interface Collector {
  flush(): void;
}

let depth = 0;
/** In the order in which they came, and each once. */
const collectors = new Set<Collector>();
let isFlushing = false;
/** Pieces that many connections are sent, which nobody changes. */
const shared = new WeakSet<Uint8Array>();
/** Of these, while turns end, what was put together last. */
let latest: { readonly pieces: readonly Uint8Array[]; readonly whole: Uint8Array } | undefined;

/** A connection's turn begins: what any connection writes in it, and in the turns that it brings about, goes out at its end. */
export function beginTurn(): void {
  depth += 1;
}

/** Whether a connection has its turn. */
export const isTurn = (): boolean => depth > 0;

export function endTurn(): void {
  depth -= 1;
  if (depth === 0 && !isFlushing && collectors.size > 0) flushAll();
}

/** Has it flushed when the turn ends. Outside of one that is when RxJS's `asapScheduler` says so: behind all that this task does. */
export function flushAfterTurn(collector: Collector): void {
  collectors.add(collector);
  // One for each, although the first will flush all: a test's virtual time may end before its own does.
  if (depth === 0) asapScheduler.schedule(flushAll);
}

/** Those whose turns the flushing brings about stand behind in the same list, not one inside of the other: of ten thousand connections that would be too deep. */
function flushAll(): void {
  isFlushing = true;
  try {
    for (const each of collectors) {
      collectors.delete(each);
      each.flush();
    }
  } finally {
    // Whatever a wire of somebody's own may throw: what is shared does not outlive the turn, and the others have theirs.
    latest = undefined;
    isFlushing = false;
    if (collectors.size > 0) asapScheduler.schedule(flushAll);
  }
}

/** A copy that goes to many connections: what each of them puts together at the end of a turn is made once, if it is the same. */
export function shareable(bytes: Uint8Array): Uint8Array {
  // Not by `slice`: a Buffer's shares memory.
  const copy = new Uint8Array(bytes);
  shared.add(copy);
  return copy;
}

/** The pieces as one. */
export function together(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0] as Uint8Array;
  if (latest && isSame(pieces, latest.pieces)) return latest.whole;
  const whole = copiedForWire(pieces);
  if (isFlushing && pieces.every((piece) => shared.has(piece))) latest = { pieces, whole };
  return whole;
}

function isSame(some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean {
  return some.length === others.length && some.every((piece, at) => piece === others[at]);
}
