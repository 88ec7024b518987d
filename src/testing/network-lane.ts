import type { SchedulerLike } from 'rxjs';
import { copied } from '../bytes/joined.js';
import { WireError } from '../errors.js';
import type { Item, Road } from './network-road.js';

type Done = (error?: WireError) => void;
type Write = { readonly bytes: Uint8Array; readonly done: Done };

export interface LaneOptions {
  readonly scheduler: SchedulerLike;
  readonly latencyMs: number;
  readonly windowBytes: number;
  /** What lies between the two windows, and whatever befalls bytes there. */
  readonly road: (arrive: (item: Item) => void) => Road;
}

export interface LaneEvents {
  /** At the far end, after the latency. */
  arrived(item: Item): void;
  /** At the near end: FIN is on its way. */
  finSent(): void;
}

/** One direction of a virtual wire. */
export interface Lane {
  write(bytes: Uint8Array, done: Done): void;
  /** FIN, behind everything written. */
  end(done: Done): void;
  /** RST, behind everything on its way, once. What is not on its way fails. */
  reset(error: WireError): void;
  /** Nothing more goes out. What is not on its way fails. */
  fail(error: WireError): void;
  /** The far end has read so many bytes: the window opens again by them. */
  opened(bytes: number): void;
  /** Whether something is not yet on its way, FIN included once it is asked for. */
  readonly busy: boolean;
  readonly ended: boolean;
  /** On their way, or not read at the far end. */
  readonly unreadBytes: number;
}

/**
 * Carries bytes one way: in order, after the latency, and no more of them at once, on their way or unread, than the window holds.
 *
 *     write ─▶ queue ─▶ [ on their way ── latency ─▶ unread ] ─▶ read
 *                      ▲ done                                  │
 *                      └────────── latency ──── opened ────────┘
 *
 * Every step is a task of the scheduler: so nothing arrives inside the call that caused it, and the writes of one turn go together.
 */
export function lane({ scheduler, latencyMs, windowBytes, road }: LaneOptions, on: LaneEvents): Lane {
  const queue: Write[] = [];
  const way = road(on.arrived);
  const waitForFin: Done[] = [];
  const pumpSoon = once(scheduler, 0, pump);
  const pumpLater = once(scheduler, latencyMs, pump);
  let headOffset = 0;
  let inWindow = 0;
  let fin: 'none' | 'asked' | 'sent' = 'none';
  let rstSent = false;
  let failure: WireError | undefined;

  function pump(): void {
    // What goes with the FIN that ends the wire has gone.
    const error = failure;
    const written = failure ? queue.splice(0) : fill();
    if (queue.length === 0 && fin === 'asked' && !failure) {
      fin = 'sent';
      way.carry('fin');
      on.finSent();
    }
    for (const { done } of written) done(error);
    if (fin === 'sent' || failure) for (const done of waitForFin.splice(0)) done(error);
  }

  /** Fills the window from the queue; gives back the writes that are in it to their end. */
  function fill(): Write[] {
    const pieces: Uint8Array[] = [];
    let room = windowBytes - inWindow;
    let whole = 0;
    for (const { bytes } of queue) {
      const piece = bytes.subarray(headOffset, headOffset + room);
      pieces.push(piece);
      room -= piece.byteLength;
      headOffset += piece.byteLength;
      if (headOffset < bytes.byteLength) break;
      headOffset = 0;
      whole++;
    }
    inWindow = windowBytes - room;
    // A copy in any case: once it is done, the writer's buffer is its own again.
    const chunk = copied(pieces);
    if (chunk.byteLength > 0) way.carry(chunk);
    return queue.splice(0, whole);
  }

  function fail(error: WireError): void {
    failure ??= error;
    pumpSoon();
  }

  return {
    write(bytes, done) {
      if (fin !== 'none' && !failure) return void scheduler.schedule(() => done(behindFin()));
      queue.push({ bytes, done });
      pumpSoon();
    },
    end(done) {
      waitForFin.push(done);
      if (fin === 'none') fin = 'asked';
      pumpSoon();
    },
    reset(error) {
      if (!rstSent) way.carry('rst');
      rstSent = true;
      fail(error);
    },
    fail,
    opened(bytes) {
      inWindow -= bytes;
      if (queue.length > 0) pumpLater();
    },
    get busy() {
      return queue.length > 0 || fin === 'asked';
    },
    get ended() {
      return fin === 'sent';
    },
    get unreadBytes() {
      return inWindow;
    },
  };
}

const behindFin = () => new WireError('wire-failed', 'Nothing can be written behind FIN');

/** A task that is scheduled once, however often it is asked for before it runs. */
function once(scheduler: SchedulerLike, delayMs: number, work: () => void): () => void {
  let waiting = false;
  const run = () => {
    waiting = false;
    work();
  };
  return () => {
    if (waiting) return;
    waiting = true;
    scheduler.schedule(run, delayMs);
  };
}
