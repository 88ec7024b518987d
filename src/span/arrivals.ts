import {
  catchError,
  defer,
  EMPTY,
  filter,
  finalize,
  ignoreElements,
  merge,
  mergeMap,
  Observable,
  Subject,
  type Subscription,
  tap,
  toArray,
} from 'rxjs';
import type { Codec } from '../codec/codec.js';
import { sealed } from '../relay/envelope.js';
import type { LocalRoom } from '../relay/local-room.js';
import type { MemberLimits } from '../relay/member.js';
import type { Bus, BusState, Letter } from './bus.js';
import { heard } from './heard.js';
import type { Missed } from './room.js';
import { processOf } from './writer.js';

export interface ArrivalsOptions<T> {
  readonly local: LocalRoom<T>;
  readonly codec: Codec<T> | undefined;
  /** Where members may have a sender wait, one is delivered at a time, and so many may wait. */
  readonly maxArrivingMessages: number;
  /** Who we are. */
  readonly writer: string;
  /** How many of the letters that the bus has kept are wanted whenever it comes up. */
  readonly replay: number;
}

/** The messages of the other processes, on their way to the members here. */
export interface Arrivals {
  /** Receives and delivers for as long as it is subscribed. */
  readonly run$: Observable<never>;
  turn(state: BusState): void;
  /** A writer says how many messages it has sent: those that have not come are lost. */
  expect(writer: string, sent: number): void;
}

/**
 *     the bus ─▶ behind the history, if there is one ─▶ each once, by its number ─▶ decoded ─▶ the members here
 */
export function arrivals<T>(
  bus: Bus,
  subject: string,
  { local, codec, maxArrivingMessages, writer, replay }: ArrivalsOptions<T>,
  missed: (one: Missed) => void,
): Arrivals {
  const waits = local.limits.onSlow === 'wait';
  const numbers = heard((from, count) => missed({ process: processOf(from), count, why: 'lost' }));
  const taken = new Subject<Letter>();
  const history = replay > 0 ? bus.history : undefined;
  /** What comes before the history has been read. */
  let early: Letter[] | undefined;
  let reading: Subscription | undefined;
  let arriving = 0;

  const take = (letter: Letter) => {
    if (letter.from !== writer && numbers.isNew(letter)) taken.next(letter);
  };

  const receive = (letter: Letter) => {
    if (!early) take(letter);
    else if (early.length < maxArrivingMessages) early.push(letter);
    // Beyond that it is not heard, and the number of the next one tells.
  };

  /** All at once, so it is no more than members who keep up have room for; the numbers tell of the rest. */
  const fillIn = (kept: readonly Letter[]) => {
    const wanted = distinct([...kept, ...(early ?? [])]).filter(
      (letter) => letter.from !== writer && !numbers.has(letter),
    );
    early = undefined;
    for (const letter of waits ? wanted : lastThatFit(wanted, local.limits)) take(letter);
  };

  const decode = (bytes: Uint8Array) => (codec ? codec.decode(bytes) : (bytes as unknown as T));
  const deliver = ({ from, bytes }: Letter) =>
    defer(() => local.queue(sealed(decode(bytes), bytes, codec))).pipe(
      catchError(() => {
        missed({ process: processOf(from), count: 1, why: 'undeliverable' });
        return EMPTY;
      }),
    );

  const hasRoom = ({ from }: Letter) => {
    if (arriving < maxArrivingMessages) return true;
    missed({ process: processOf(from), count: 1, why: 'slow' });
    return false;
  };
  const oneByOne = (letters$: Observable<Letter>) =>
    letters$.pipe(
      filter(hasRoom),
      tap(() => arriving++),
      mergeMap((letter) => deliver(letter).pipe(finalize(() => arriving--)), 1),
    );

  const stop$ = new Observable<never>(() => () => {
    reading?.unsubscribe();
    early = undefined;
    arriving = 0;
  });

  return {
    run$: merge(
      stop$,
      waits ? taken.pipe(oneByOne) : taken.pipe(mergeMap(deliver)),
      bus.receive(subject).pipe(tap(receive)),
    ).pipe(ignoreElements()),
    turn({ state }) {
      if (!history) return;
      early ??= [];
      reading?.unsubscribe();
      if (state !== 'up') return;
      const kept$ = history(subject, replay).pipe(catchError(() => EMPTY));
      reading = kept$.pipe(toArray()).subscribe(fillIn);
    },
    expect(from, sent) {
      if (!early) numbers.expect(from, sent);
    },
  };
}

function distinct(letters: readonly Letter[]): readonly Letter[] {
  return [...new Map(letters.map((letter) => [`${letter.from} ${letter.number}`, letter])).values()];
}

/** The last that may wait for one member; one alone may be larger. */
function lastThatFit(
  letters: readonly Letter[],
  { maxPendingMessages, maxPendingBytes }: MemberLimits,
): readonly Letter[] {
  const last = letters.slice(-maxPendingMessages).reverse();
  let bytes = 0;
  const beyond = last.findIndex((letter, index) => {
    bytes += letter.bytes.length;
    return index > 0 && bytes > maxPendingBytes;
  });
  return (beyond < 0 ? last : last.slice(0, beyond)).reverse();
}
