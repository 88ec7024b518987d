/** So much goes to the kernel before the loop is let go round, over all sockets: what they have to say without end would have the loop for itself, as long as the kernel takes it. */
const maxTurnBytes = 262_144;
/** One that is alone may have more, so that a burst is with the kernel before the loop brings what comes next. */
const maxAloneBytes = 1_048_576;

/** A socket that has more to write. */
interface Writing {
  flush(): void;
}

let bytesLeft = maxAloneBytes;
/** In the order in which they came. */
const waiting = new Set<Writing>();
let isScheduled = false;

/** So much has gone out. */
export function spend(bytes: number): void {
  bytesLeft -= bytes;
}

/** Whether who comes now may write at once: somebody who waits comes first. */
export const hasTurn = (): boolean => bytesLeft > 0 && waiting.size === 0;

/** Has it flushed in a later turn, when it is next. */
export function waitForTurn(writing: Writing): void {
  waiting.add(writing);
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(nextTurn);
}

function nextTurn(): void {
  isScheduled = false;
  bytesLeft = waiting.size > 1 ? maxTurnBytes : maxAloneBytes;
  for (const writing of waiting) {
    if (bytesLeft <= 0) break;
    waiting.delete(writing);
    writing.flush();
  }
  const [next] = waiting;
  if (next) waitForTurn(next);
}
