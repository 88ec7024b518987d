import { AsyncSubject, asapScheduler, type Subscription, timer } from 'rxjs';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import type { BoundAddress, Wire, WireClosed } from '../transport/transport.js';
import { closing, closingError } from './closings.js';
import { wireReads } from './wire-reads.js';

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
  readonly lingerMs: number;
  /** Bytes that may be here unread, where the platform cannot wait. */
  readonly maxUnreadBytes: number;
  readonly textFrames: 'refuse' | 'pass' | undefined;
}

type Done = (error?: WireError) => void;

/** A WebSocket as a `Wire`, whatever the platform: each chunk a binary frame, FIN a close frame that ends both directions. */
export function frameWire(open: (on: RoadEvents) => Road, options: FrameWireOptions): Wire {
  const { local, remote, lingerMs, maxUnreadBytes, textFrames } = options;
  const closed = new AsyncSubject<WireClosed>();
  const reads = wireReads((wanted) => road.flow(wanted));
  const pending = new Set<{ readonly done: Done }>();
  const waitForFin: Done[] = [];
  let fin: 'none' | 'asked' | 'sent' = 'none';
  let failure: WireError | undefined;
  let destroyed = false;
  let state: 'open' | 'closed' | 'told' = 'open';
  let lingering: Subscription | undefined;

  const later = (work: () => void) => asapScheduler.schedule(work);
  const gone = () => failure ?? new WireError('reset', 'The WebSocket was cut');
  const linger = () => {
    lingering ??= timer(timerMs(lingerMs)).subscribe(() => road.cut());
  };

  function chunk(bytes: Uint8Array): void {
    reads.push(bytes);
    if (reads.unreadBytes > maxUnreadBytes)
      refuse(new WireError('overrun', 'Too much lies unread'), closing.overrun);
  }

  const road = open({
    chunk,
    text(text) {
      if (textFrames === 'pass') chunk(new TextEncoder().encode(text));
      else refuse(new WireError('bad-frame', 'Text came, not bytes'), closing.text);
    },
    broken: fail,
    closed(code, reason) {
      if (state !== 'open') return;
      state = 'closed';
      lingering?.unsubscribe();
      const error = closingError(code, reason);
      if (error && !destroyed) fail(error);
      if (failure || destroyed) tellClosed();
      else reads.end(tellClosed);
    },
  });

  function fail(error: WireError): void {
    if (failure || destroyed) return;
    failure = error;
    reads.fail(error);
  }

  function refuse(error: WireError, code: number): void {
    if (failure) return;
    // The code goes first: whoever hears of the error closes, too.
    sendFin(code);
    linger();
    fail(error);
  }

  /** `closed$` comes first: whoever hears that a write is lost shall know that it was no accident. */
  function tellClosed(): void {
    state = 'told';
    closed.next(failure ? { error: failure } : {});
    closed.complete();
    for (const { done } of pending) done(gone());
    pending.clear();
    settleFin();
  }

  function settleFin(): void {
    const lost = state === 'told' && (failure || destroyed) ? gone() : undefined;
    for (const done of waitForFin.splice(0)) done(lost);
  }

  function write(bytes: Uint8Array, done: Done): boolean {
    if (state === 'told') later(() => done(gone()));
    else if (fin !== 'none') later(() => done(new WireError('wire-failed', 'It is behind FIN')));
    else {
      const write = { done };
      pending.add(write);
      road.write(bytes, () => pending.delete(write) && done());
    }
    return false;
  }

  function end(done: Done): void {
    waitForFin.push(done);
    if (state === 'told' || fin === 'sent') later(settleFin);
    else if (fin === 'none') sendFin(closing.inOrder);
  }

  function sendFin(code: number): void {
    fin = 'asked';
    road.close(code, () => {
      fin = 'sent';
      settleFin();
    });
  }

  function destroy({ reset }: { readonly reset?: boolean } = {}): void {
    destroyed = true;
    reads.drop();
    if (state !== 'open') return;
    // What we refused, the peer shall hear of: a close frame with its code is on its way.
    if (reset && !failure) road.cut();
    else {
      end(() => {});
      linger();
    }
  }

  return {
    local,
    remote,
    keepsChunks: true,
    halfClose: false,
    bytes$: reads.bytes$,
    write,
    pause: reads.pause,
    resume: reads.resume,
    end,
    destroy,
    closed$: closed.asObservable(),
  };
}
