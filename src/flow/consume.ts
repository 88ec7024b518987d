import {
  defer,
  finalize,
  from,
  map,
  mergeMap,
  Observable,
  type ObservableInput,
  type ObservedValueOf,
  type OperatorFunction,
} from 'rxjs';
import { currentDelivery, type Delivery, type Hold, holdLost, isStrictByDefault, redeliver } from './hold.js';
import { Through } from './through.js';

export interface ConsumeOptions {
  /** How many messages are at work at once. At 1, the results keep the order of the messages. @default 1 */
  readonly concurrency?: number;
  /**
   * Whether a message that comes outside a delivery, because an asynchronous operator above has let go of it, is a `HoldLostError`.
   * Otherwise such messages wait here, without a bound. @default false, and true in a `marbles()` run
   */
  readonly strict?: boolean;
}

interface Work<T> {
  readonly value: T;
  readonly delivery: Delivery | undefined;
  readonly hold: Hold | undefined;
}

/**
 * `mergeMap` that holds each message until its inner Observable ends, so that a slow handler slows its peer.
 *
 *     messages   a---b---c|      `b` and `c` come when there is room for them
 *     work on a  ---A|
 *     results    ---A---B---C|
 *
 * Has room while fewer than `concurrency` (default 1) inner Observables are at work. It emits their results as part of the delivery
 * of the message, so that one `consume` can follow another: a message is consumed when the last of them has let it go.
 *
 * Errors of `project` and of its Observables are passed on. Unsubscribing, and every end, unsubscribes the inner Observables and
 * releases what was held. Messages of several sources are held apart, each at its own; one that finds no room waits here.
 *
 * @example
 * ```ts
 * import { consume, listen, serve } from 'rx-tinyproto';
 *
 * listen(9123)
 *   .pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message)))))
 *   .subscribe();
 * ```
 */
export function consume<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  { concurrency = 1, strict = isStrictByDefault() }: ConsumeOptions = {},
): OperatorFunction<T, ObservedValueOf<O>> {
  if (!(concurrency >= 1)) throw new RangeError(`concurrency is at least 1, not ${concurrency}`);
  return (source) =>
    defer(() => {
      const held = new Set<Hold>();
      let newest: Hold | undefined;
      let unfinished = 0;

      const take = (value: T): Work<T> => {
        const delivery = currentDelivery();
        if (delivery === undefined && strict) throw holdLost();
        unfinished++;
        const hold = delivery?.hold(concurrency - unfinished);
        if (hold) {
          held.add(hold);
          newest = hold;
        }
        return { value, delivery, hold };
      };

      const finish = ({ hold }: Work<T>) => {
        unfinished--;
        newest?.setRoom(concurrency - unfinished);
        if (!hold) return;
        held.delete(hold);
        hold.release();
      };

      const work = (item: Work<T>, index: number) =>
        new Observable<ObservedValueOf<O>>((subscriber) => {
          subscriber.add(() => finish(item));
          const results = from(project(item.value, index)) as Observable<ObservedValueOf<O>>;
          results.subscribe(
            new Through(subscriber, (result) => redeliver(item.delivery, subscriber, result)),
          );
        });

      return source.pipe(
        map(take),
        mergeMap(work, concurrency),
        finalize(() => {
          for (const hold of held) hold.release();
        }),
      );
    });
}
