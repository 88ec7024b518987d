import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { PacedOverflowError } from '../errors.js';
import { Gate } from './hold.js';
import { Through } from './through.js';

/** What holds a source back: a Node `Readable` is one, a WebSocket's reader, a flag that a generator looks at. */
export interface Valve {
  pause(): void;
  resume(): void;
}

/** Options of {@link paced}. */
export interface PacedOptions {
  /** How many values may wait for room, before it fails with a `PacedOverflowError`. @default 1,024 */
  readonly maxWaiting?: number;
}

/**
 * Gives the values of any source a delivery each, so that operators below can hold them (see `hold` and `consume`).
 *
 *     source    a-b-c-------d|
 *     held      [ a  )[ b  )
 *     paced     a----b-----cd|        one at a time, when every hold has room
 *     valve     p----------r          paused while there is none
 *
 * Values that find no room wait here, at most `maxWaiting` (default 1,024); the `valve`, if there is one, is paused while there is none. Completes behind the last of
 * them; an error of the source goes ahead of them. Unsubscribing drops what waits, and leaves the
 * valve as it is: what becomes of a source that nobody reads is its owner's to say.
 *
 * @example
 * ```ts
 * import { createReadStream } from 'node:fs';
 * import { consume, paced } from 'rx-tinyproto';
 * import { fromEvent, takeUntil, timer } from 'rxjs';
 *
 * const file = createReadStream('package.json');
 * fromEvent(file, 'data')
 *   .pipe(
 *     takeUntil(fromEvent(file, 'end')),
 *     paced(file), // pauses the file while a chunk of it is at work
 *     consume(() => timer(5)),
 *   )
 *   .subscribe({ error: console.error });
 * ```
 */
export function paced<T>(
  valve?: Valve,
  { maxWaiting = 1_024 }: PacedOptions = {},
): MonoTypeOperatorFunction<T> {
  if (!(maxWaiting >= 1)) throw new RangeError(`maxWaiting is at least 1, not ${maxWaiting}`);
  return (source) =>
    new Observable((subscriber) => {
      const waiting: T[] = [];
      let delivering = false;
      let paused = false;
      let sourceIsDone = false;

      const pause = (wanted: boolean) => {
        if (valve === undefined || wanted === paused) return;
        paused = wanted;
        if (wanted) valve.pause();
        else valve.resume();
      };

      const deliver = () => {
        if (delivering) return;
        delivering = true;
        while (waiting.length > 0 && gate.open && !subscriber.closed)
          gate.deliver([subscriber], waiting.shift() as T);
        delivering = false;
        if (subscriber.closed) return;
        pause(!gate.open);
        if (sourceIsDone && waiting.length === 0) subscriber.complete();
      };

      const gate = new Gate({ consumed: () => {}, opened: deliver });

      const came = (value: T) => {
        if (waiting.length >= maxWaiting)
          throw new PacedOverflowError(`${maxWaiting} values wait already (paced-overflow)`);
        waiting.push(value);
        deliver();
      };

      const ended = () => {
        sourceIsDone = true;
        deliver();
      };

      source.subscribe(new Through(subscriber, came, ended));
    });
}
