import { asapScheduler, asyncScheduler } from 'rxjs';
import { Fifo } from '../bytes/fifo.js';

/** So many deliveries before the loop is let go round: fewer than may wait for one member, by far where there are several. */
const mostDeliveries = 1_024;

/** Calls back when a message has gone to so many members: in a later task, in order. */
export type Outcomes = (members: number, tell: () => void) => void;

/**
 * When whoever sends to a room is told. At once would do for one who sends now and then; but whoever sends again whenever told, as `consume` does with all that one peer has said,
 * would have the loop for itself, and no member could take anything meanwhile: so beyond a number of deliveries the loop goes round first.
 */
export function outcomes(): Outcomes {
  const waiting = new Fifo<() => void>();
  let left = mostDeliveries;
  let isScheduled = false;

  const schedule = () => {
    if (isScheduled) return;
    isScheduled = true;
    // A timer that comes late may run before sockets are looked at, and again so, when each round takes its time: one that does nothing stands between.
    asyncScheduler.schedule(() => asyncScheduler.schedule(goRound));
  };

  const goRound = () => {
    isScheduled = false;
    left = mostDeliveries;
    while (left > 0 && waiting.length > 0) waiting.shift()?.();
    if (waiting.length > 0) schedule();
  };

  return (members, tell) => {
    left -= members + 1;
    if (left > 0 && waiting.length === 0) asapScheduler.schedule(tell);
    else waiting.push(tell);
    schedule();
  };
}
