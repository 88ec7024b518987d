import {
  asapScheduler,
  BehaviorSubject,
  finalize,
  ignoreElements,
  merge,
  Observable,
  type Subscriber,
  share,
  take,
  tap,
} from 'rxjs';
import type { Bus, BusState, Letter } from '../span/bus.js';
import { busAway, tooLarge } from '../span/bus-errors.js';
import { type Channel, nothing, type Word } from './channel.js';

/** The largest letter: as a NATS server's by default. */
const maxLetterBytes = 1 << 20;

/** The end of the bus in a worker, whose primary is at the other end of the channel. */
export function channelBus(channel: Channel): Bus {
  const id = crypto.randomUUID();
  const states = new BehaviorSubject<BusState>({ state: 'connecting' });
  const receivers = new Map<string, Set<Subscriber<Letter>>>();
  /** What the primary has not confirmed, by their numbers, in order. */
  const flying = new Map<number, Subscriber<void>>();
  let flights = 0;
  /** The primary has been told what we receive, and is told what changes. */
  let introduced = false;

  const say = (word: Word) => channel.send(word, nothing);
  const hello = () => {
    introduced = true;
    say({ say: 'hello', subjects: [...receivers.keys()] });
  };

  const taken = (upTo: number) => {
    for (const [flight, subscriber] of flying) {
      if (flight > upTo) break;
      flying.delete(flight);
      subscriber.next();
      subscriber.complete();
    }
  };

  const ground = (state: BusState, cause?: unknown) => {
    const all = [...flying.values()];
    flying.clear();
    states.next(state);
    for (const subscriber of all) subscriber.error(busAway('unknown', cause));
  };

  const away = (why: string) => {
    const error = new Error(why);
    ground({ state: 'away', error }, error);
  };

  /** Who says hello at its beginning, and again because the primary is ready, is told twice. */
  const up = () => {
    if (states.value.state !== 'up') states.next({ state: 'up', maxLetterBytes });
  };

  const hear = (word: Word) => {
    if (word.say === 'ready') hello();
    else if (word.say === 'up') up();
    else if (word.say === 'taken') taken(word.flight);
    else if (word.say === 'gone') away('The primary passes nothing on any more');
    else if (word.say === 'letter') {
      const letter = { from: word.from, number: word.number, bytes: bytesOf(word.bytes) };
      for (const receiver of receivers.get(word.subject) ?? []) receiver.next(letter);
    }
  };

  const life$ = merge(
    channel.words$.pipe(tap(hear)),
    channel.closed$.pipe(
      take(1),
      tap(() => away('The primary is gone')),
    ),
  );
  const open$: Observable<never> = new Observable<never>((subscriber) => {
    // Behind all who subscribe in this turn: it says what they receive.
    subscriber.add(asapScheduler.schedule(hello));
    subscriber.add(life$.pipe(ignoreElements()).subscribe(subscriber));
  }).pipe(
    finalize(() => {
      introduced = false;
      say({ say: 'gone' });
      ground({ state: 'connecting' });
    }),
    share(),
  );

  const receive = (subject: string) =>
    new Observable<Letter>((subscriber) => {
      const all = receivers.get(subject) ?? new Set();
      receivers.set(subject, all.add(subscriber));
      if (all.size === 1 && introduced) say({ say: 'listen', subject });
      subscriber.add(open$.subscribe());
      return () => {
        all.delete(subscriber);
        if (all.size > 0) return;
        receivers.delete(subject);
        if (introduced) say({ say: 'ignore', subject });
      };
    });

  const publish = (subject: string, { from, number, bytes }: Letter) =>
    new Observable<void>((subscriber) => {
      if (states.value.state !== 'up') return subscriber.error(busAway('not-sent'));
      if (bytes.length > maxLetterBytes) return subscriber.error(tooLarge(bytes.length, maxLetterBytes));
      const flight = ++flights;
      flying.set(flight, subscriber);
      say({ say: 'letter', subject, from, number, bytes: textOf(bytes), flight });
    });

  return { id, state$: merge(open$, states), receive, publish };
}

function textOf({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('base64');
}

function bytesOf(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, 'base64'));
}
