import { from, Observable, type ObservableInput } from 'rxjs';
import { Gate } from './hold.js';

/** What `ReadableStream` is, where it is no `AsyncIterable`: Safari's. */
interface Readers<T> {
  getReader(): { read(): PromiseLike<IteratorResult<T>>; cancel(): PromiseLike<unknown> };
}

/**
 * The values of an asynchronous iterable (a Node `Readable`, a `ReadableStream`, an async generator), each asked for when the ones before are let go: emits in
 * deliveries of its own, so that it can be held. Unsubscribing returns the iterator, which destroys a `Readable`.
 */
export function drawnAsync<T>(values: AsyncIterable<T> | Readers<T>): Observable<T> {
  return new Observable((subscriber) => {
    const iterator = iteratorOf(values);
    let asking = false;
    let over = false;

    const ask = () => {
      if (asking || over || subscriber.closed || !gate.open) return;
      asking = true;
      try {
        iterator.next().then(answered, failed);
      } catch (error) {
        failed(error);
      }
    };

    const answered = ({ done, value }: IteratorResult<T>) => {
      asking = false;
      over = done === true;
      if (over) subscriber.complete();
      else if (!subscriber.closed) gate.deliver([subscriber], value);
      ask();
    };

    const failed = (error: unknown) => {
      over = true;
      subscriber.error(error);
    };

    const gate = new Gate({ consumed: () => {}, opened: ask });
    subscriber.add(() => {
      // Whatever it says to that, nobody is there to hear it.
      if (!over) iterator.return?.()?.then(ignore, ignore);
    });
    ask();
  });
}

const ignore = () => {};

interface Iterator<T> {
  next(): PromiseLike<IteratorResult<T>>;
  return?(): PromiseLike<unknown>;
}

function iteratorOf<T>(values: AsyncIterable<T> | Readers<T>): Iterator<T> {
  if (Symbol.asyncIterator in values) return values[Symbol.asyncIterator]();
  const reader = values.getReader();
  return { next: () => reader.read(), return: () => reader.cancel() };
}

function isDrawnAsync<T>(values: object): values is AsyncIterable<T> | Readers<T> {
  return Symbol.asyncIterator in values || 'getReader' in values;
}

/** Held, where the source can be asked for one value after another: an async generator, a stream of the platform. */
export function held<T>(values: ObservableInput<T>): Observable<T> {
  return typeof values === 'object' && isDrawnAsync<T>(values) ? drawnAsync(values) : from(values);
}
