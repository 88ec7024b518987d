import {
  catchError,
  EMPTY,
  from,
  ignoreElements,
  map,
  merge,
  mergeMap,
  type Observable,
  take,
  tap,
} from 'rxjs';
import { converse } from '../client/converse.js';
import type { Connection } from '../connection/connection.js';
import type { Framing } from '../framing/framing.js';
import { Reading, roadless } from '../framing/reading.js';
import { serve } from '../server/serve.js';
import type { Transport, Wire } from '../transport/transport.js';
import { codeOf } from './every-split.js';
import { shred } from './faults.js';
import { digitsOf } from './framing-bench.js';
import type { TestRunner } from './framing-samples.js';
import { MarbleError } from './marble-error.js';
import { marbles } from './marbles.js';
import { must } from './must.js';

/** Whether one direction of a framing speaks of the other. */
export const hasTalk = (framing: Framing): boolean => framing.open({ ...roadless }).talk !== undefined;

/** Two connections that speak to each other: what is owed by a framing with a `talk`. */
export function conversationContract(
  framing: Framing,
  messages: readonly Uint8Array[],
  { describe, it }: TestRunner,
): void {
  describe('its conversation', () => {
    it('has its frames wait, where they would go out at once', () => demandQueue(framing));

    it('fails where the peer has ended before it is open', () => {
      let isReady = false;
      const reading = new Reading(framing, {
        ready: () => {
          isReady = true;
        },
      });
      if (!isReady) reading.end();
      must(isReady || reading.fault !== undefined, true);
    });

    it('carries messages both ways, cut anywhere, and ends in order', () => talks(framing, messages, false));
    it('carries messages both ways over wires that keep chunks', () => talks(framing, messages, true));
  });
}

/** As WebSockets are bound: where nothing puts frames in a queue, unless they ask. */
function demandQueue(framing: Framing): void {
  const port = { ...roadless, out: {} };
  framing.open(port);
  if ('outcome' in port.out) return;
  throw new MarbleError(
    `${framing.name} has a talk, and no queue of frames: where frames go out at once, as in a page, what it writes is lost. Call queueFrames(port) when it is opened`,
  );
}

/** What one end has of the conversation. */
interface End {
  readonly received: string[];
  readonly sends: string[];
  closed: string;
}

const newEnd = (): End => ({ received: [], sends: [], closed: '' });

function talks(framing: Framing, messages: readonly Uint8Array[], keepsChunks: boolean): void {
  const [near, far] = [newEnd(), newEnd()];
  const all = { received: messages.map(digitsOf), sends: messages.map(() => 'taken') };
  marbles(({ net, listen, connect, faults, run, flush }) => {
    if (!keepsChunks) faults('s', { s: shred(1) });
    const options = { framing, transport: keepsChunks ? keepingChunks(net) : net };
    run(listen('far:1', options).pipe(serve((connection) => says(connection, messages, far))));
    // Whoever has called leaves when all is said and heard.
    const says$ = converse((connection: Connection) => says(connection, messages, near, messages.length));
    run(connect('far:1', options).pipe(says$));
    flush();
    must({ near, far }, { near: { ...all, closed: 'us' }, far: { ...all, closed: 'peer' } });
  })();
}

/** Sends all messages at once, and notes what comes. */
function says(
  connection: Connection,
  messages: readonly Uint8Array[],
  end: End,
  most = Number.POSITIVE_INFINITY,
): Observable<unknown> {
  connection.closed$.subscribe(({ by, error }) => {
    end.closed = error === undefined ? by : `${by}: ${codeOf(error)}`;
  });
  const sends$ = from(messages).pipe(
    mergeMap((message) =>
      connection.send(message).pipe(
        map(() => 'taken'),
        catchError((error) => [codeOf(error)]),
      ),
    ),
    tap((outcome) => end.sends.push(outcome)),
  );
  const messages$ = connection.messages$.pipe(
    take(most),
    tap((message) => end.received.push(digitsOf(message))),
    catchError(() => EMPTY),
  );
  return merge(messages$, sends$).pipe(ignoreElements());
}

/** Wires that say that each chunk arrives as it was written, as a WebSocket's do. */
function keepingChunks(transport: Transport): Transport {
  const keeping = map((wire: Wire) => ({ ...wire, keepsChunks: true }));
  return {
    ...transport,
    listen: (...asked) => transport.listen(...asked).pipe(keeping),
    dial: (...asked) => transport.dial(...asked).pipe(keeping),
  };
}
