import { AsyncSubject, Observable, type SchedulerLike, type Subscriber, type Subscription } from 'rxjs';
import { WireError } from '../errors.js';
import { formatAddress } from '../transport/address.js';
import type { BoundAddress, Wire, WireClosed } from '../transport/transport.js';
import { type Lane, type LaneOptions, lane } from './network-lane.js';
import type { Item } from './network-road.js';

/** As the real one: how long `destroy()` waits for the peer to take what was written. */
const lingerMs = 1_000;

interface End {
  readonly wire: Wire;
  arrived(item: Item): void;
  finSent(): void;
}

export interface WirePair {
  readonly near: Wire;
  readonly far: Wire;
  /** On their way, or not read at the other end. */
  readonly unreadBytes: number;
}

/** The two ends of one virtual wire, up and unread, and what lies between them in each direction. */
export function wirePair(
  options: Omit<LaneOptions, 'road'>,
  [roadThere, roadBack]: readonly [LaneOptions['road'], LaneOptions['road']],
  near: BoundAddress,
  far: BoundAddress,
): WirePair {
  const there: Lane = lane(
    { ...options, road: roadThere },
    {
      arrived: (item) => farEnd.arrived(item),
      finSent: () => nearEnd.finSent(),
    },
  );
  const back: Lane = lane(
    { ...options, road: roadBack },
    {
      arrived: (item) => nearEnd.arrived(item),
      finSent: () => farEnd.finSent(),
    },
  );
  const nearEnd = wireEnd(options.scheduler, { local: near, remote: far }, there, back);
  const farEnd = wireEnd(options.scheduler, { local: far, remote: near }, back, there);
  return {
    near: nearEnd.wire,
    far: farEnd.wire,
    get unreadBytes() {
      return there.unreadBytes + back.unreadBytes;
    },
  };
}

/** One end: writes on the lane `out`, and opens the window of `back` by what it has read. */
function wireEnd(
  scheduler: SchedulerLike,
  { local, remote }: Pick<Wire, 'local' | 'remote'>,
  out: Lane,
  back: Lane,
): End {
  const name = `The wire to ${formatAddress(remote)}`;
  const closed = new AsyncSubject<WireClosed>();
  const unread: (Uint8Array | 'fin')[] = [];
  let reader: Subscriber<Uint8Array> | undefined;
  let claimed = false;
  let held = false;
  let destroyed = false;
  let finRead = false;
  let gone = false;
  let failure: WireError | undefined;
  let outcome: WireClosed = {};
  let lingering: Subscription | undefined;

  function arrived(item: Item): void {
    if (gone) answerFromTheGrave(item);
    else if (item === 'rst') onReset();
    else {
      unread.push(item);
      deliver();
    }
  }

  /** As a kernel does that knows the connection no more. */
  function answerFromTheGrave(item: Item): void {
    if (item instanceof Uint8Array) out.reset(isGone());
  }

  function onReset(): void {
    failure = new WireError('reset', `${name} failed: the peer reset the connection`);
    if (!destroyed) {
      outcome = { error: failure };
      reader?.error(failure);
    }
    vanish(failure);
  }

  function deliver(): void {
    while (!gone && (destroyed || (claimed && !held))) {
      const item = unread.shift();
      if (item === undefined) return;
      if (item === 'fin') onFin();
      else {
        back.opened(item.byteLength);
        if (!destroyed) reader?.next(item);
      }
    }
  }

  function onFin(): void {
    finRead = true;
    if (!destroyed) reader?.complete();
    if (out.ended) vanish();
  }

  /** Nothing more will happen here. `closed$` says so in a task of its own, behind what this one brings about. */
  function vanish(error = isGone()): void {
    if (gone) return;
    gone = true;
    unread.length = 0;
    lingering?.unsubscribe();
    out.fail(error);
    scheduler.schedule(() => {
      closed.next(outcome);
      closed.complete();
    });
  }

  function abort(): void {
    out.reset(isGone());
    vanish();
  }

  const isGone = () => new WireError('reset', `${name} is gone`);

  const bytes$ = new Observable<Uint8Array>((subscriber) => {
    if (claimed) return subscriber.error(new TypeError('The bytes of a wire have one subscriber'));
    claimed = true;
    reader = subscriber;
    scheduler.schedule(failure && !destroyed ? () => subscriber.error(failure) : deliver);
    return () => {
      reader = undefined;
    };
  });

  const wire: Wire = {
    local,
    remote,
    bytes$,
    write(bytes, done) {
      out.write(bytes, done);
      return false;
    },
    end: out.end,
    pause() {
      held = true;
    },
    resume() {
      held = false;
      scheduler.schedule(deliver);
    },
    destroy({ reset = false } = {}) {
      const first = !destroyed;
      destroyed = true;
      if (gone) return;
      if (first) {
        out.end(() => {});
        scheduler.schedule(deliver);
        lingering = scheduler.schedule(() => (out.busy ? abort() : vanish()), lingerMs);
      }
      if (reset) abort();
    },
    closed$: closed.asObservable(),
  };
  return { wire, arrived, finSent: () => finRead && vanish() };
}
