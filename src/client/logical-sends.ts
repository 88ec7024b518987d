import { Observable, type Subscriber } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { SendError } from '../errors.js';

/** What becomes of a send while there is no wire: it fails as *not sent*, or waits for the next one. */
export type WhileAway = 'fail' | 'queue';

export interface LogicalSendsOptions {
  readonly whileAway: WhileAway;
  readonly maxQueuedBytes: number;
  readonly maxQueuedMessages: number;
}

/** One send, whichever wire it goes out on. */
export interface Job<In, Out> {
  on(wire: Connection<In, Out>): Observable<void>;
  /** Asked when it has to wait. Throws a `SendError` for what no wire will take. */
  bytes(): number;
}

interface Waiting<In, Out> {
  readonly job: Job<In, Out>;
  readonly subscriber: Subscriber<void>;
  readonly bytes: number;
}

/** The sends of a logical connection: to the wire of the moment, or into the queue. What may have arrived on a lost wire is never sent again. */
export interface LogicalSends<In, Out> {
  send(job: Job<In, Out>): Observable<void>;
  /** There is a wire: what waits goes out on it, first. */
  up(wire: Connection<In, Out>): void;
  down(): void;
  /** Nothing will be sent any more. */
  end(cause: unknown): void;
}

export function logicalSends<In, Out>(options: LogicalSendsOptions): LogicalSends<In, Out> {
  const queue = new Set<Waiting<In, Out>>();
  let present: Connection<In, Out> | undefined;
  let queuedBytes = 0;
  let over: { readonly cause: unknown } | undefined;

  const sendOn = (wire: Connection<In, Out>, job: Job<In, Out>, subscriber: Subscriber<void>) => {
    subscriber.add(
      job.on(wire).subscribe({
        next: () => subscriber.next(),
        error: (error) => {
          if (mayWait(error)) waiting(job).subscribe(subscriber);
          else subscriber.error(error);
        },
        complete: () => subscriber.complete(),
      }),
    );
  };

  /** Only what certainly did not arrive, because its wire was lost, may be sent once more. */
  const mayWait = (error: unknown) =>
    options.whileAway === 'queue' &&
    !over &&
    error instanceof SendError &&
    error.code === 'connection-closed' &&
    error.fate === 'not-sent';

  /** An Observable, so that what cannot be encoded any more fails its send, and nobody else. */
  const waiting = (job: Job<In, Out>) => new Observable<void>((subscriber) => wait(job, subscriber));

  const wait = (job: Job<In, Out>, subscriber: Subscriber<void>) => {
    const bytes = job.bytes();
    const fits = queue.size === 0 || queuedBytes + bytes <= options.maxQueuedBytes;
    if (!fits || queue.size >= options.maxQueuedMessages) {
      subscriber.error(full(queue.size, queuedBytes));
      return;
    }
    const waiting = { job, subscriber, bytes };
    queue.add(waiting);
    queuedBytes += bytes;
    subscriber.add(() => forget(waiting));
  };

  const forget = (waiting: Waiting<In, Out>) => {
    if (queue.delete(waiting)) queuedBytes -= waiting.bytes;
  };

  const drain = (): Waiting<In, Out>[] => {
    const all = [...queue];
    queue.clear();
    queuedBytes = 0;
    return all;
  };

  const flush = (wire: Connection<In, Out>) => {
    for (const { job, subscriber } of drain()) sendOn(wire, job, subscriber);
  };

  return {
    send: (job) =>
      new Observable((subscriber) => {
        if (over) subscriber.error(away('The connection is closed', over.cause));
        else if (present) sendOn(present, job, subscriber);
        else if (options.whileAway === 'queue') wait(job, subscriber);
        else subscriber.error(away('There is no wire at the moment'));
      }),
    up(wire) {
      flush(wire);
      present = wire;
      flush(wire); // what was sent from inside the first
    },
    down() {
      present = undefined;
    },
    end(cause) {
      over ??= { cause };
      present = undefined;
      for (const { subscriber } of drain()) subscriber.error(away('The connection is closed', cause));
    },
  };
}

function away(why: string, cause?: unknown): SendError {
  return new SendError('connection-closed', `${why}: the message was not sent`, { fate: 'not-sent', cause });
}

function full(messages: number, bytes: number): SendError {
  const text = `${messages} messages, ${bytes} bytes, wait for the next wire`;
  return new SendError('queue-full', text, { fate: 'not-sent' });
}
