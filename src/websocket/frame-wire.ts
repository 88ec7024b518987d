import { AsyncSubject, asapScheduler, Observable, type Subscriber, type Subscription, timer } from 'rxjs';
import { ChunkQueue } from '../bytes/chunk-queue.js';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import type { BoundAddress, Wire, WireClosed } from '../transport/transport.js';
import { closedByOverrun, closedForText, closedInOrder, closingError } from './closings.js';

/** What a platform's WebSocket does for a wire. */
export interface Road {
  /** Whether anything that comes is wanted. A platform that cannot wait sends it all the same. */
  flow(wanted: boolean): void;
  /** Sends a chunk as a frame. `taken` never inside the call; not at all, if the platform will not have it. */
  write(bytes: Uint8Array, taken: () => void): void;
  /** A close frame, behind what was written. */
  close(code: number, sent: () => void): void;
  /** Ends it at once. The platform says `closed`, later. */
  cut(): void;
}

/** What a platform's WebSocket says to a wire, never inside a call of the wire's. */
export interface RoadEvents {
  chunk(bytes: Uint8Array): void;
  text(text: string): void;
  /** The peer broke the protocol; the platform closes. */
  broken(error: WireError): void;
  closed(code: number, reason: string): void;
}

export interface FrameWireOptions {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
  /** @default 1,000 */
  readonly lingerMs?: number;
  /** Bytes that may be here unread, where the platform cannot wait. @default 16 MiB */
  readonly maxUnreadBytes?: number;
  readonly textFrames?: 'refuse' | 'pass' | undefined;
}

type Done = (error?: WireError) => void;

/**
 * A WebSocket as a `Wire`, whatever the platform: each chunk a binary frame, FIN a close frame that ends both directions.
 *
 * It keeps what a platform says although it was asked to pause. At the end, whatever brought it, what is unread is delivered, held or not: there is nobody left
 * to hold, and a writer has to hear of the end.
 */
export function frameWire(open: (on: RoadEvents) => Road, options: FrameWireOptions): Wire {
  const { local, remote, lingerMs = 1_000, maxUnreadBytes = 2 ** 24, textFrames } = options;
  const closed = new AsyncSubject<WireClosed>();
  const unread = new ChunkQueue();
  /** Of what the platform was given, and has not said that it has: in order. */
  const pending: Done[] = [];
  const waitForFin: Done[] = [];
  let reader: Subscriber<Uint8Array> | undefined;
  let claimed = false;
  let held = false;
  /** Nothing that comes is wanted any more. */
  let dropping = false;
  let fin: 'asked' | 'sent' | undefined;
  /** `closed`: by the platform; `told`: by us. */
  let ended: 'closed' | 'told' | undefined;
  let failure: WireError | undefined;
  let destroyed = false;
  let lingering: Subscription | undefined;

  const later = (work: () => void) => asapScheduler.schedule(work);
  const flow = () => road.flow(dropping || (claimed && !held));
  const gone = () => failure ?? new WireError('reset', 'The WebSocket was cut');
  const linger = () => {
    lingering ??= timer(timerMs(lingerMs)).subscribe(() => road.cut());
  };

  function deliver(): void {
    while (reader && unread.unreadBytes && (ended || failure || !held))
      reader.next(unread.shift() as Uint8Array);
    if (failure) reader?.error(failure);
    if (ended !== 'closed' || !(failure || destroyed || dropping || (reader && !unread.unreadBytes))) return;
    ended = 'told';
    reader?.complete();
    // `closed$` comes first: whoever hears that a write is lost shall know that it was no accident.
    closed.next(failure ? { error: failure } : {});
    closed.complete();
    for (const done of pending.splice(0)) done(gone());
    settleFin();
  }

  function drop(): void {
    dropping = true;
    reader = undefined;
    unread.rest();
    flow();
    later(deliver);
  }

  function fail(error: WireError): void {
    if (!destroyed) failure ??= error;
    deliver();
  }

  /** Tells the peer why we hang up. */
  function refuse(error: WireError, code: number): void {
    if (failure) return;
    // The code goes first: whoever hears of the error closes, too.
    sendFin(code);
    linger();
    fail(error);
  }

  function chunk(bytes: Uint8Array): void {
    if (dropping || failure || !bytes.length) return;
    unread.push(bytes);
    deliver();
    if (unread.unreadBytes > maxUnreadBytes)
      refuse(new WireError('overrun', 'Too much lies unread'), closedByOverrun);
  }

  const road = open({
    chunk,
    text(text) {
      if (textFrames === 'pass') chunk(new TextEncoder().encode(text));
      else refuse(new WireError('bad-frame', 'Text came, not bytes'), closedForText);
    },
    broken: fail,
    closed(code, reason) {
      if (ended) return;
      ended = 'closed';
      lingering?.unsubscribe();
      const error = closingError(code, reason);
      if (error) fail(error);
      deliver();
    },
  });

  function settleFin(): void {
    const lost = ended === 'told' && (failure || destroyed) ? gone() : undefined;
    for (const done of waitForFin.splice(0)) done(lost);
  }

  function sendFin(code: number): void {
    fin = 'asked';
    road.close(code, () => {
      fin = 'sent';
      settleFin();
    });
  }

  function end(done: Done): void {
    waitForFin.push(done);
    if (ended === 'told' || fin === 'sent') later(settleFin);
    else if (!fin) sendFin(closedInOrder);
  }

  return {
    local,
    remote,
    keepsChunks: true,
    halfClose: false,
    bytes$: new Observable((subscriber) => {
      if (claimed) return subscriber.error(new TypeError('A wire is read once'));
      claimed = true;
      if (dropping) return;
      reader = subscriber;
      flow();
      later(deliver);
      return drop;
    }),
    write(bytes, done) {
      if (ended === 'told') later(() => done(gone()));
      else if (fin) later(() => done(new WireError('wire-failed', 'It is behind FIN')));
      else {
        pending.push(done);
        road.write(bytes, () => pending.shift()?.());
      }
      return false;
    },
    pause() {
      held = true;
      flow();
    },
    resume() {
      held = false;
      flow();
      later(deliver);
    },
    end,
    destroy({ reset } = {}) {
      destroyed = true;
      drop();
      if (ended) return;
      // What we refused, the peer shall hear of: a close frame with its code is on its way.
      if (reset && !failure) road.cut();
      else {
        end(() => {});
        linger();
      }
    },
    closed$: closed.asObservable(),
  };
}
