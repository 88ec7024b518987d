import type { Socket } from 'node:net';
import { WireError } from '../errors.js';

type Done = (error?: WireError) => void;
type Write = { readonly bytes: Uint8Array; readonly done: Done };

/** Below this, copying pieces together is cheaper than handing the kernel a list of them. */
const smallBytes = 16_384;

/** So much goes to the kernel at once. Whoever watches `done` for progress sees it at this grain, also on a slow road. */
const maxBatchBytes = 131_072;

/** What of ours is on its way into one socket, in order. */
export interface SocketWrites {
  write(bytes: Uint8Array, done: Done): void;
  /** FIN, behind everything written. */
  end(done: Done): void;
  /** Whether something is not yet with the kernel, FIN included once it is asked for. */
  readonly busy: boolean;
  readonly ended: boolean;
  /** The socket is gone: whoever still waits, or comes later, hears of it. */
  fail(error: WireError): void;
}

/**
 * Puts the writes of one turn of the event loop together: one flush, one batch, one call into the kernel.
 *
 * One batch is under way at a time. What is written meanwhile waits here, not in the stream, so that a batch stays
 * bounded; its `done`s are called together, in order, when the kernel has all of it.
 */
export function socketWrites(socket: Socket): SocketWrites {
  let queue: Write[] = [];
  let batch: Write[] = [];
  let scheduled = false;
  let failure: WireError | undefined;
  let fin: 'none' | 'asked' | 'under way' | 'sent' = 'none';
  const waitForFin: Done[] = [];

  function schedule(): void {
    // A tick queued by a microtask runs after all microtasks: so the turn includes what RxJS's asapScheduler delivers.
    if (scheduled || batch.length > 0) return;
    scheduled = true;
    process.nextTick(flush);
  }

  function flush(): void {
    scheduled = false;
    if (failure) settleAll(failure);
    else if (batch.length > 0) return;
    else if (queue.length > 0) {
      [batch, queue] = cutBatch(queue);
      writeTogether(socket, joinSmall(batch), onWritten);
    } else if (fin === 'asked') {
      fin = 'under way';
      socket.end(onFin);
    } else if (fin === 'sent') settleFin();
  }

  function onWritten(error?: Error | null): void {
    // Node 20 reports success for what a dying socket had under way. The close that follows settles it, as an error.
    if (error || failure || socket.destroyed) return;
    const written = batch;
    batch = [];
    for (const { done } of written) done();
    flush();
  }

  function onFin(error?: Error | null): void {
    if (error || failure) return;
    fin = 'sent';
    settleFin();
  }

  function settleFin(error?: WireError): void {
    for (const done of waitForFin.splice(0)) done(error);
  }

  function settleAll(error: WireError): void {
    const unwritten = batch.concat(queue);
    batch = [];
    queue = [];
    for (const { done } of unwritten) done(error);
    settleFin(error);
  }

  return {
    write(bytes, done) {
      if (fin !== 'none' && !failure) return process.nextTick(done, behindFin());
      queue.push({ bytes, done });
      schedule();
    },
    end(done) {
      waitForFin.push(done);
      if (fin === 'none') fin = 'asked';
      schedule();
    },
    get busy() {
      return batch.length > 0 || queue.length > 0 || fin === 'asked' || fin === 'under way';
    },
    get ended() {
      return fin !== 'none';
    },
    fail(error) {
      failure ??= error;
      settleAll(failure);
    },
  };
}

const behindFin = () => new WireError('wire-failed', 'Nothing can be written behind FIN');

/** As much of the queue as goes out together, and the rest of it. */
function cutBatch(queue: Write[]): [batch: Write[], rest: Write[]] {
  let bytes = 0;
  let end = 0;
  for (; end < queue.length && bytes < maxBatchBytes; end++) bytes += queue[end]?.bytes.byteLength ?? 0;
  return end === queue.length ? [queue, []] : [queue.slice(0, end), queue.slice(end)];
}

/** Neighbours that are small become one piece; what is large stays the caller's own buffer. */
function joinSmall(batch: readonly Write[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let small: Uint8Array[] = [];
  const join = () => {
    if (small.length > 0) pieces.push(small.length > 1 ? Buffer.concat(small) : (small[0] as Uint8Array));
    small = [];
  };
  for (const { bytes } of batch) {
    if (bytes.byteLength < smallBytes) small.push(bytes);
    else {
      join();
      pieces.push(bytes);
    }
  }
  join();
  return pieces;
}

/** Corked, several pieces go out in one `writev`; the last one's callback speaks for all. */
function writeTogether(
  socket: Socket,
  pieces: readonly Uint8Array[],
  done: (error?: Error | null) => void,
): void {
  const last = pieces.length - 1;
  socket.cork();
  for (const [at, piece] of pieces.entries()) socket.write(piece, at === last ? done : undefined);
  socket.uncork();
}
