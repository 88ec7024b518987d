import type { NatsConnection } from '@nats-io/transport-node';
import { asapScheduler, from, type Subscriber } from 'rxjs';
import { Deadlines } from '../connection/deadlines.js';
import { busAway } from '../span/bus-errors.js';

/** What was published and is not known to have reached the server. */
export interface Confirmations {
  add(subscriber: Subscriber<void>): void;
  /** Nobody will know any more. */
  lost(cause: unknown): void;
}

/**
 * A server answers in order: when its PONG is here, it has all that was published before the PING. One is under way at a time, for all that came meanwhile.
 *
 *     published    a b c     d e
 *     PING             ^          ^
 *     PONG                   ^          ^
 *     confirmed              abc        de
 */
export function confirmations(
  connection: NatsConnection,
  answerTimeoutMs: number,
  silent: () => void,
): Confirmations {
  let waiting: Subscriber<void>[] = [];
  let asked: Subscriber<void>[] = [];
  let asking = false;
  const timers = new Deadlines<'answer'>({ expired: silent });

  const ask = () => {
    asked = waiting;
    waiting = [];
    timers.set('answer', answerTimeoutMs);
    // That it was lost is said elsewhere, with the cause.
    from(connection.flush()).subscribe({ next: answered, error: () => {} });
  };

  const answered = () => {
    timers.set('answer');
    const done = asked;
    asked = [];
    asking = waiting.length > 0;
    if (asking) ask();
    for (const subscriber of done) {
      subscriber.next();
      subscriber.complete();
    }
  };

  return {
    add(subscriber) {
      waiting.push(subscriber);
      if (asking) return;
      asking = true;
      asapScheduler.schedule(ask); // behind all that is published in this turn
    },
    lost(cause) {
      timers.dispose();
      const all = [...asked, ...waiting];
      asked = [];
      waiting = [];
      for (const subscriber of all) subscriber.error(busAway('unknown', cause));
    },
  };
}
