/** So much goes to the kernel before the loop is let go round, over all sockets: what they have to say without end would have the loop for itself, as long as the kernel takes it. */
const maxTurnBytes = 262_144;
/** One that is alone may have more, so that a burst is with the kernel before the loop brings what comes next. */
const maxAloneBytes = 1_048_576;
/** So many are told of before the loop is let go round, over all sockets: whoever is told writes again, and is told of that. */
const maxTurnTold = 64;

/** A socket that has more to write. */
interface Writing {
  flush(): void;
}

/** A socket with something to tell of. */
interface Telling {
  tell(): void;
}

let bytesLeft = maxAloneBytes;
/** In the order in which they came. */
const waiting = new Set<Writing>();
let toldLeft = maxTurnTold;
const untold = new Set<Telling>();
let isScheduled = false;

/** So much has gone out. */
export function spend(bytes: number): void {
  bytesLeft -= bytes;
}

/** Whether who comes now may write at once: somebody who waits comes first. */
export const hasTurn = (): boolean => bytesLeft > 0 && waiting.size === 0;

/** Whether somebody may be told now that the kernel has what was written: somebody who waits comes first. Who asks, does it. */
export function mayTell(): boolean {
  return untold.size === 0 && toldLeft-- > 0;
}

/** Has it flushed in a later turn, when it is next. */
export function waitForTurn(writing: Writing): void {
  waiting.add(writing);
  schedule();
}

/** So many were told of with one. */
export function toldBesides(count: number): void {
  toldLeft -= count;
}

/** Has it tell behind what Node says now, or in a later turn, when it is next. */
export function tellSoon(telling: Telling): void {
  if (mayTell()) process.nextTick(tell, telling);
  else waitToTell(telling);
}

/** Has it tell in a later turn, when it is next. */
export function waitToTell(telling: Telling): void {
  untold.add(telling);
  schedule();
}

function tell(telling: Telling): void {
  telling.tell();
}

function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(nextTurn);
}

function nextTurn(): void {
  isScheduled = false;
  bytesLeft = waiting.size > 1 ? maxTurnBytes : maxAloneBytes;
  toldLeft = maxTurnTold;
  try {
    for (const writing of waiting) {
      if (bytesLeft <= 0) break;
      waiting.delete(writing);
      writing.flush();
    }
    for (const telling of untold) {
      if (toldLeft-- <= 0) break;
      untold.delete(telling);
      telling.tell();
    }
  } finally {
    // Whatever one who is told may throw: the others have their turn.
    if (waiting.size > 0 || untold.size > 0) schedule();
  }
}
