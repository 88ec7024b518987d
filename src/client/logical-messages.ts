import { BehaviorSubject, first, ignoreElements, Observable, Subject, Subscription } from 'rxjs';
import { currentGate, type Gate, whenOpen } from '../flow/hold.js';

/** How many wires may have messages that nobody has read yet. */
const maxUnreadWires = 16;

/** The messages of one wire after the other, as one stream that can be held. */
export interface LogicalMessages<In> {
  readonly messages$: Observable<In>;
  /** One more wire, to be read behind those before it. */
  add(messages$: Observable<In>): void;
  /** Completes when one more wire may come: at once, unless too many wait for the reader at hand. */
  readonly room$: Observable<never>;
  /** No wire will follow: ends behind what is unread. */
  end(failure?: { readonly error: unknown }): void;
  /** Ends now. */
  cut(failure?: { readonly error: unknown }): void;
}

/**
 * A wire's messages are passed on within their own delivery, so a hold holds that wire. The next wire is read when the one before has ended, and the holds
 * that its last messages left behind have room.
 *
 *     wire 1     a---b--#
 *     wire 2             ---c---d
 *     held      [   )[            )
 *     messages$  a---b-------------c---d
 */
export function logicalMessages<In>(): LogicalMessages<In> {
  const subject = new Subject<In>();
  const unread = new BehaviorSubject(0);
  const line: Observable<In>[] = [];
  let reading: Subscription | undefined;
  let gate: Gate | undefined;
  let awaitingRoom = false;
  let ending: { readonly failure: { readonly error: unknown } | undefined } | undefined;

  const pass = (message: In) => {
    gate = currentGate();
    subject.next(message);
  };

  const nextWire = () => {
    reading = undefined;
    line.shift();
    unread.next(line.length);
    read();
  };

  const read = () => {
    const [head] = line;
    if (reading || awaitingRoom) return;
    if (head === undefined) finish();
    else if (subject.observed) whenThereIsRoom(() => readFrom(head));
  };

  const readFrom = (messages$: Observable<In>) => {
    reading = new Subscription();
    reading.add(messages$.subscribe({ next: pass, error: nextWire, complete: nextWire }));
  };

  const whenThereIsRoom = (go: () => void) => {
    if (gate === undefined || gate.open) {
      go();
      return;
    }
    awaitingRoom = true;
    whenOpen(gate, () => {
      awaitingRoom = false;
      read();
    });
  };

  const finish = () => {
    if (!ending) return;
    if (ending.failure) subject.error(ending.failure.error);
    else subject.complete();
  };

  const leave = () => {
    if (subject.observed) return;
    reading?.unsubscribe();
    reading = undefined;
    unread.next(line.length); // nobody is behind any more: there is room
  };

  return {
    messages$: new Observable((subscriber) => {
      subscriber.add(subject.subscribe(subscriber));
      subscriber.add(leave);
      read();
    }),
    add(messages$) {
      line.push(messages$);
      // Without a reader nobody will miss the oldest; with one, `room$` has kept this from happening.
      if (line.length > maxUnreadWires && !reading && !subject.observed) line.shift();
      unread.next(line.length);
      read();
    },
    room$: unread.pipe(
      first((wires) => wires < maxUnreadWires || !subject.observed),
      ignoreElements(),
    ),
    end(failure) {
      ending ??= { failure };
      read();
    },
    cut(failure) {
      ending ??= { failure };
      line.length = 0;
      reading?.unsubscribe();
      finish();
    },
  };
}
