import { asapScheduler, Observable, Subject } from 'rxjs';
import { type Delivery, Gate } from '../flow/hold.js';

/** No message; a codec may make a message of anything else. */
export const none = Symbol('none');
export type None = typeof none;

export interface InboxEvents<In> {
  /** The next message, if one is complete. */
  read(): In | None;
  /** A message that was read is consumed. */
  consumed(): void;
  /** Delivery may go on: there is a subscriber, or room. */
  ready(): void;
  /** Somebody wants to read. */
  subscribed(): void;
  /** Where a message may go on after its delivery: what has more of it. */
  restOf?(message: In): Rest | undefined;
  /** Whether more is to come of a message that was delivered. */
  isInside?(): boolean;
}

/** What is still to come of a message that is delivered. */
export interface Rest {
  delivery: Delivery | undefined;
  /** Nobody holds the message any more; `over` is called when all of it has come. */
  consumed(over: () => void): void;
}

/** The receiving side of a connection: `messages$`, one message at a time, as long as somebody subscribes and every hold has room. */
export interface Inbox<In> {
  readonly messages$: Observable<In>;
  /** Delivers what is there and wanted. */
  deliver(): void;
  /** No message will come any more: ends `messages$` once those that are there are delivered. The first call counts. */
  end(failure?: { readonly error: unknown }): void;
  /** Ends `messages$` now. */
  cut(failure?: { readonly error: unknown }): void;
  /** Whether somebody subscribes, and there is room. */
  readonly wanted: boolean;
  readonly observed: boolean;
  /** Messages that are delivered, or being delivered, and not consumed. */
  readonly held: number;
  /** Whether all that came is delivered and consumed. May decode one message ahead: ask only when no more can come. */
  consumedAll(): boolean;
}

interface Ending {
  readonly failure: { readonly error: unknown } | undefined;
}

export function inbox<In>(on: InboxEvents<In>): Inbox<In> {
  const subject = new Subject<In>();
  const consumed = () => {
    held--;
    on.consumed();
  };
  const gate = new Gate({ consumed, opened: () => on.ready() });
  let held = 0;
  let delivering = false;
  let started = false;
  let starting = false;
  let ending: Ending | undefined;
  let over = false;
  /** Read ahead of its delivery, which happens only to find out whether anything is left before the end. */
  let ahead: In | None = none;

  /** Delivery starts in a later task than the first subscription, so that all who subscribe in one turn see the first message. */
  const start = () => {
    if (started || starting) return;
    starting = true;
    asapScheduler.schedule(() => {
      starting = false;
      started = subject.observed;
      if (started) on.ready();
    });
  };

  const finish = () => {
    over = true;
    const failure = ending?.failure;
    if (failure) subject.error(failure.error);
    else subject.complete();
  };

  const wanted = () => started && !over && gate.open;

  const next = () => {
    const message = ahead === none ? on.read() : ahead;
    ahead = none;
    return message;
  };

  const nothingLeft = () => {
    if (on.isInside?.()) return false;
    if (ahead === none) ahead = on.read();
    return ahead === none;
  };

  const deliverInside = (message: In, rest: Rest) => {
    const letGo = () => rest.consumed(consumed);
    rest.delivery = gate.prepare(letGo);
    if (gate.deliver(subject, message)) letGo();
  };

  const deliver = () => {
    if (delivering || over) return;
    delivering = true;
    while (wanted()) {
      const message = next();
      if (message === none) break;
      held++;
      const rest = on.restOf?.(message);
      if (rest) deliverInside(message, rest);
      else if (gate.deliver(subject, message)) consumed();
    }
    delivering = false;
    // The end waits behind what is there, and for somebody to tell, but not for room.
    if (ending && started && nothingLeft() && !over) finish();
  };

  return {
    messages$: new Observable<In>((subscriber) => {
      on.subscribed();
      subscriber.add(subject.subscribe(subscriber));
      subscriber.add(() => {
        if (!subject.observed) started = false;
      });
      start();
    }),
    deliver,
    end(failure) {
      ending ??= { failure };
      deliver();
    },
    cut(failure) {
      if (over) return;
      ending = { failure };
      finish();
    },
    get wanted() {
      return wanted();
    },
    get observed() {
      return subject.observed;
    },
    get held() {
      return held;
    },
    consumedAll: () => held === 0 && (over || nothingLeft()),
  };
}
