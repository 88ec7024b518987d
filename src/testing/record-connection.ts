import { Observable, tap } from 'rxjs';
import { blame, blamed, claim, claimed } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';
import { type FrameDoor, frameDoor, frames, sendFrame } from '../connection/frames.js';
import { drawnFrom } from '../flow/drawn-from.js';
import { watchHolds } from '../flow/hold.js';
import { iterate } from '../flow/iterate.js';
import type { Timed } from './diagram.js';
import type { RowKind } from './scene.js';

type Note = (row: string, kind: RowKind, notification: Timed['notification']) => void;

/** A connection in place of another, whose doings are noted. */
export function recordedConnection<In, Out>(
  connection: Connection<In, Out>,
  note: Note,
): Connection<In, Out> {
  const sent = (message: unknown) => note('sends', 'received', { kind: 'N', value: message });
  const failed = (error: unknown) => sent(error);
  const messages$ = recordedMessages(connection.messages$, note);

  connection.flow$.subscribe({
    next: (flow) => note('room', 'flow', { kind: 'N', value: flow }),
    complete: () => note('room', 'flow', { kind: 'C' }),
  });
  connection.closed$.subscribe(({ by, error }) => {
    const how = by === 'error' ? error : by === 'us' ? 'by us' : 'by the peer';
    note('closed', 'received', { kind: 'N', value: how });
  });

  const noted = (message: Out, sending: Observable<void>) =>
    sending.pipe(tap({ next: () => sent(message), error: failed }));

  const recorded: Required<Connection<In, Out>> & Doors<Out> = {
    id: connection.id,
    get local() {
      return connection.local;
    },
    get remote() {
      return connection.remote;
    },
    get security() {
      return connection.security;
    },
    get upgrade() {
      return connection.upgrade;
    },
    get traffic() {
      return connection.traffic;
    },
    messages$,
    send: (message) => noted(message, connection.send(message)),
    sendAll: (messages) =>
      connection.sendAll(drawnFrom<Out>(messages).pipe(tap<Out>(sent))).pipe(tap({ error: failed })),
    reframe<NextIn, NextOut>(next: Parameters<typeof connection.reframe<NextIn, NextOut>>[0]) {
      connection.reframe(next);
      return recorded as unknown as Connection<NextIn, NextOut>;
    },
    end: () => connection.end(),
    close: () => connection.close(),
    destroy: (error) => connection.destroy(error),
    closed$: connection.closed$,
    flow$: connection.flow$,
    [Symbol.asyncIterator]: () => iterate(messages$),
    [claimed]: () => claim(connection),
    [blamed]: (error) => blame(connection, error),
    get [frames]() {
      const door = frameDoor<Out>(connection);
      return door && recordedDoor(door, noted);
    },
  };
  return recorded;
}

/** What other rooms may do with it. */
interface Doors<Out> {
  [claimed](): void;
  [blamed](error: unknown): void;
  readonly [frames]: FrameDoor<Out> | undefined;
}

/** So that a room knows how many bytes wait for it, and encodes once for it and others. */
function recordedDoor<Out>(
  door: FrameDoor<Out>,
  noted: (message: Out, sending: Observable<void>) => Observable<void>,
): FrameDoor<Out> {
  return {
    get spoken() {
      return door.spoken;
    },
    encode: (message) => door.encode(message),
    sendFrame: (frame, message) => noted(message, sendFrame(door, frame, message)),
    ...(door.hasManyWires && { hasManyWires: true }),
    get out() {
      return door.out;
    },
  };
}

/** The messages, each noted once however many hear it, and for how long somebody holds it. */
function recordedMessages<In>(messages$: Observable<In>, note: Note): Observable<In> {
  let noted = 0;
  let ended = false;
  let held = 0;

  const holding = () => {
    if (held++ === 0) note('held', 'flow', { kind: 'N', value: 'held' });
    return () => {
      if (--held === 0) note('held', 'flow', { kind: 'N', value: 'free' });
    };
  };
  const end = (notification: Timed['notification']) => {
    if (!ended) note('messages', 'received', notification);
    ended = true;
  };

  return new Observable((subscriber) => {
    // Who comes during a delivery hears the next message first.
    let mine = noted;
    return messages$.subscribe({
      next(message) {
        if (mine++ === noted) {
          noted++;
          note('messages', 'received', { kind: 'N', value: message });
        }
        const stop = watchHolds(holding);
        try {
          subscriber.next(message);
        } finally {
          stop();
        }
      },
      error(error) {
        end({ kind: 'E', error });
        subscriber.error(error);
      },
      complete() {
        end({ kind: 'C' });
        subscriber.complete();
      },
    });
  });
}
