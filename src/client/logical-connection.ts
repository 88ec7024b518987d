import {
  AsyncSubject,
  BehaviorSubject,
  concat,
  defer,
  distinctUntilChanged,
  map,
  type Observable,
  of,
  switchMap,
} from 'rxjs';
import { claim, claimed } from '../connection/claim.js';
import type { Closed, Connection, Flow } from '../connection/connection.js';
import { type FrameDoor, frameDoor, frames, sendFrame } from '../connection/frames.js';
import { WireError } from '../errors.js';
import { iterate } from '../flow/iterate.js';
import { logicalMessages } from './logical-messages.js';
import { logicalSendAll } from './logical-send-all.js';
import { type Job, type LogicalSendsOptions, logicalSends } from './logical-sends.js';

/** One conversation, however many wires it takes; and the side of it that brings the wires. */
export interface Logical<In, Out> {
  readonly connection: Connection<In, Out>;
  /** Completes when one more wire may be dialled. */
  readonly room$: Observable<never>;
  /** Whether its owner has ended it: no wire may follow. */
  readonly ended: boolean;
  /** Emits, and replays, when its owner has ended it and there is no wire to end. */
  readonly abandoned$: Observable<void>;
  /** What its owner destroyed it with. */
  readonly failure: Failure | undefined;
  up(wire: Connection<In, Out>): void;
  down(): void;
  /** Nobody wants it any more: its wire is being closed. */
  leave(): void;
  /** No wire will follow. */
  end(failure?: Failure): void;
}

interface Failure {
  readonly error: unknown;
}

export function logicalConnection<In, Out>(
  first: Connection<In, Out>,
  options: LogicalSendsOptions,
): Logical<In, Out> {
  const messages = logicalMessages<In>();
  const sends = logicalSends<In, Out>(options);
  const wire$ = new BehaviorSubject<Connection<In, Out> | undefined>(undefined);
  const closed = new AsyncSubject<Closed>();
  const abandoned = new AsyncSubject<void>();
  const dropped = { messages: 0, bytes: 0 };
  let latest = first;
  let failure: Failure | undefined;
  let ended = false;
  let over = false;

  const count = (closed$: Observable<Closed>) =>
    closed$.subscribe(({ dropped: { messages, bytes } }) => {
      dropped.messages += messages;
      dropped.bytes += bytes;
    });

  const end = (why?: Failure) => {
    if (over) return;
    over = true;
    messages.end(why);
    sends.end(why?.error ?? new WireError('reset', 'The connection has ended'));
    wire$.complete();
    count(latest.closed$);
    latest.closed$.subscribe(({ by }) => {
      closed.next({ by: ended ? 'us' : by, ...(why && { error: why.error }), dropped });
      closed.complete();
    });
  };

  const endOurs = (how: (wire: Connection<In, Out>) => void) => {
    if (over) return;
    ended = true;
    messages.cut(failure);
    if (wire$.value) how(wire$.value);
    else abandon();
  };

  const abandon = () => {
    abandoned.next();
    abandoned.complete();
  };

  const connection: Required<Connection<In, Out>> & Doors<Out> = {
    id: crypto.randomUUID(),
    get local() {
      return latest.local;
    },
    get remote() {
      return latest.remote;
    },
    get security() {
      return latest.security;
    },
    get upgrade() {
      return latest.upgrade;
    },
    get traffic() {
      return latest.traffic;
    },
    messages$: messages.messages$,
    send(message) {
      const checked = latest.send(message); // throws now for what is no message
      const bytes = () => frameDoor<Out>(latest)?.encode(message).body.length ?? 0;
      const at = latest;
      return sends.send({ on: (wire) => (wire === at ? checked : wire.send(message)), bytes });
    },
    sendAll: (all) => logicalSendAll(all, (message) => connection.send(message), options.maxQueuedMessages),
    reframe() {
      throw new TypeError(
        'Each wire of a logical connection begins anew: reframe above `reconnect`, in its source',
      );
    },
    end() {
      latest.end(); // throws now where the framing cannot
      return defer(() => {
        const ending = latest.end();
        ended = true;
        if (!wire$.value) abandon();
        return ending;
      });
    },
    close: () =>
      defer(() => {
        endOurs((wire) => wire.close().subscribe());
        return closed.pipe(map(() => undefined));
      }),
    destroy(error) {
      if (error !== undefined) failure ??= { error };
      endOurs((wire) => wire.destroy(error));
    },
    closed$: closed.asObservable(),
    flow$: wire$.pipe(
      switchMap((wire) => (wire ? concat(wire.flow$, paused$) : paused$)),
      distinctUntilChanged(),
    ),
    [Symbol.asyncIterator]: () => iterate(messages.messages$),
    [claimed]: () => claim(latest),
    get [frames]() {
      return doorOf(() => latest, sends.send);
    },
  };

  return {
    connection,
    room$: messages.room$,
    abandoned$: abandoned.asObservable(),
    get ended() {
      return ended;
    },
    get failure() {
      return failure;
    },
    up(wire) {
      if (wire !== latest) count(latest.closed$);
      latest = wire;
      claim(wire);
      messages.add(wire.messages$);
      wire$.next(wire);
      sends.up(wire);
    },
    down() {
      sends.down();
      if (wire$.value) wire$.next(undefined);
    },
    leave() {
      if (over) return;
      ended = true;
      messages.cut();
      end();
    },
    end,
  };
}

const paused$ = of<Flow>('paused');

/** What other rooms may do with it. */
interface Doors<Out> {
  [claimed](): void;
  readonly [frames]: FrameDoor<Out> | undefined;
}

/** Frames made for the latest wire fit the next one too, if that speaks the same: it comes from the same source, as a rule. */
function doorOf<In, Out>(
  latest: () => Connection<In, Out>,
  send: (job: Job<In, Out>) => Observable<void>,
): FrameDoor<Out> | undefined {
  const door = () => frameDoor<Out>(latest()) as FrameDoor<Out>;
  if (!door()) return undefined;
  return {
    hasManyWires: true,
    get spoken() {
      return door().spoken;
    },
    encode: (message) => door().encode(message),
    sendFrame(frame, message) {
      const { framing, codec } = door().spoken;
      const on = (wire: Connection<In, Out>) => {
        const at = frameDoor<Out>(wire);
        const fits = at?.spoken.framing === framing && at.spoken.codec === codec;
        return fits ? sendFrame(at, frame, message) : wire.send(message);
      };
      return send({ on: (wire) => defer(() => on(wire)), bytes: () => frame.body.length });
    },
    // Counts again from nothing on each wire: who asks whether it has changed does not mind.
    get out() {
      return door().out;
    },
  };
}
