import { asapScheduler, BehaviorSubject, from, Observable, type Subscriber } from 'rxjs';
import { limit } from '../framing/limits.js';
import type { Bus, BusState, Letter } from '../span/bus.js';
import { busAway, tooLarge } from '../span/bus-errors.js';
import { waitMs } from './demands.js';

/** Options of {@link virtualBus}. */
export interface VirtualBusOptions {
  /** How long a letter is on its way, and how long the word that it is there, in milliseconds. @default 0 */
  readonly latencyMs?: number;
  /** How many letters on each subject are kept as history. @default 0: there is none */
  readonly keeps?: number;
  /** The largest letter, in bytes. @default 1 MiB */
  readonly maxLetterBytes?: number;
}

/** The end of a virtual bus in one process, and what may happen to it. */
export interface VirtualBusEnd extends Bus {
  /** Loses the bus: what is under way may have arrived. */
  cut(error?: unknown): void;
  /** Finds it again. */
  repair(): void;
  /** As if the process had been killed: nobody hears from it again, and it says no word of farewell. */
  kill(): void;
}

/** A bus in memory, for rooms that span processes: each end is a process of its own. */
export interface VirtualBus {
  /** The end of one more process. Without an `id`, it is given one. */
  end(id?: string): VirtualBusEnd;
}

interface End {
  readonly receivers: Map<string, Set<Subscriber<Letter>>>;
  readonly isUp: () => boolean;
}

/**
 * Makes a bus in memory, with as many ends as there are processes to play.
 *
 *     const bus = virtualBus();
 *     const [one, two] = [bus.end('one'), bus.end('two')].map((bus) => broadcast<string>({ bus, name: 'lobby', codec: text() }));
 *
 * All its time is RxJS's, so in a marble test it is virtual. It fulfils the same contract as NATS and the channel of a cluster.
 */
export function virtualBus({
  latencyMs = 0,
  keeps = 0,
  maxLetterBytes = 1 << 20,
}: VirtualBusOptions = {}): VirtualBus {
  waitMs('latencyMs', latencyMs);
  limit('keeps', keeps);
  limit('maxLetterBytes', maxLetterBytes, 1);
  const ends = new Set<End>();
  const kept = new Map<string, Letter[]>();

  const keep = (subject: string, letter: Letter) => {
    if (keeps === 0) return;
    const all = kept.get(subject) ?? [];
    const known = all.some(({ from, number }) => from === letter.from && number === letter.number);
    if (!known) kept.set(subject, [...all, letter].slice(-keeps));
  };

  const carry = (sender: End, subject: string, letter: Letter) => {
    keep(subject, letter);
    for (const end of ends) {
      if (end === sender || !end.isUp()) continue;
      for (const receiver of end.receivers.get(subject) ?? []) receiver.next(letter);
    }
  };

  const later = (work: () => void, ms = latencyMs) => asapScheduler.schedule(work, ms);

  const makeEnd = (id: string): VirtualBusEnd => {
    const states = new BehaviorSubject<BusState>({ state: 'connecting' });
    const flying = new Set<Subscriber<void>>();
    let users = 0;
    let whole = true;
    let alive = true;
    let cause: unknown;
    const end: End = { receivers: new Map(), isUp: () => alive && states.value.state === 'up' };

    const settle = () => {
      if (users === 0) return;
      if (!whole) states.next({ state: 'away', ...(cause !== undefined && { error: cause }) });
      else if (states.value.state !== 'up') states.next({ state: 'up', maxLetterBytes });
    };

    const use = (subscriber: Subscriber<never>) => {
      users++;
      if (users === 1) {
        ends.add(end);
        later(settle, 0);
      }
      subscriber.add(() => {
        users--;
        if (users > 0) return;
        ends.delete(end);
        states.next({ state: 'connecting' });
      });
    };

    const confirm = (subscriber: Subscriber<void>) => {
      if (!flying.delete(subscriber) || !alive) return;
      subscriber.next();
      subscriber.complete();
    };

    const publish = (subject: string, letter: Letter) =>
      new Observable<void>((subscriber) => {
        const { state } = states.value;
        if (state !== 'up') subscriber.error(busAway('not-sent', cause));
        else if (letter.bytes.length > maxLetterBytes)
          subscriber.error(tooLarge(letter.bytes.length, maxLetterBytes));
        else {
          flying.add(subscriber);
          later(() => {
            if (!alive || !whole) return;
            carry(end, subject, letter);
            later(() => confirm(subscriber));
          });
        }
      });

    return {
      id,
      state$: new Observable((subscriber) => {
        use(subscriber as Subscriber<never>);
        subscriber.add(states.subscribe(subscriber));
      }),
      receive: (subject) =>
        new Observable<Letter>((subscriber) => {
          const all = end.receivers.get(subject) ?? new Set();
          end.receivers.set(subject, all.add(subscriber));
          subscriber.add(() => all.delete(subscriber));
          use(subscriber as Subscriber<never>);
        }),
      publish,
      ...(keeps > 0 && {
        history: (subject: string, count: number) =>
          new Observable<Letter>((subscriber) => {
            subscriber.add(later(() => from((kept.get(subject) ?? []).slice(-count)).subscribe(subscriber)));
          }),
      }),
      cut(error) {
        whole = false;
        cause = error;
        settle();
        for (const subscriber of flying) {
          flying.delete(subscriber);
          subscriber.error(busAway('unknown', error));
        }
      },
      repair() {
        whole = true;
        cause = undefined;
        later(settle, 0);
      },
      kill() {
        alive = false;
      },
    };
  };

  let made = 0;
  return { end: (id = `process ${++made}`) => makeEnd(id) };
}
