import { asapScheduler, Observable, type Subscriber } from 'rxjs';
import { ChunkQueue } from '../bytes/chunk-queue.js';
import type { WireError } from '../errors.js';

/** What came from a platform, until it is read. */
export interface WireReads {
  readonly bytes$: Observable<Uint8Array>;
  readonly unreadBytes: number;
  pause(): void;
  resume(): void;
  push(chunk: Uint8Array): void;
  /** The peer's end, behind what has come. `then` when the reader has it, or wants nothing more. */
  end(then: () => void): void;
  /** The end of `bytes$`, behind what has come. */
  fail(error: WireError): void;
  /** From here on whatever comes is dropped, and `bytes$` says nothing more. */
  drop(): void;
}

/**
 * Keeps what a platform says although it was asked to pause. `flow` is told whether anything is wanted.
 *
 * At the end, whatever brought it, what is unread is delivered, held or not: there is nobody left to hold, and a writer has to hear of the end.
 */
export function wireReads(flow: (wanted: boolean) => void): WireReads {
  const unread = new ChunkQueue();
  let reader: Subscriber<Uint8Array> | undefined;
  let claimed = false;
  let held = false;
  let dropping = false;
  let failure: WireError | undefined;
  let atEnd: (() => void) | undefined;

  const later = () => asapScheduler.schedule(deliver);
  const tellFlow = () => flow(dropping || (claimed && !held));

  function deliver(): void {
    while (reader && (atEnd || failure || !held)) {
      const chunk = unread.shift();
      if (chunk === undefined) break;
      reader.next(chunk);
    }
    if (failure) reader?.error(failure);
    if (!atEnd || !(dropping || (reader && unread.bytes === 0))) return;
    const then = atEnd;
    atEnd = undefined;
    reader?.complete();
    then();
  }

  function drop(): void {
    dropping = true;
    reader = undefined;
    unread.drain();
    tellFlow();
    later();
  }

  const bytes$ = new Observable<Uint8Array>((subscriber) => {
    if (claimed) return subscriber.error(new TypeError('A wire is read once'));
    claimed = true;
    if (dropping) return;
    reader = subscriber;
    tellFlow();
    later();
    return drop;
  });

  return {
    bytes$,
    get unreadBytes() {
      return unread.bytes;
    },
    pause() {
      held = true;
      tellFlow();
    },
    resume() {
      held = false;
      tellFlow();
      later();
    },
    push(chunk) {
      if (dropping || failure || chunk.length === 0) return;
      if (reader && !held && unread.bytes === 0) reader.next(chunk);
      else unread.push(chunk);
    },
    end(then) {
      atEnd = then;
      deliver();
    },
    fail(error) {
      failure ??= error;
      deliver();
    },
    drop,
  };
}
