import { type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { Deadlines } from '../connection/deadlines.js';
import { positive } from '../connection/options.js';
import { WireError } from '../errors.js';
import { currentGate, type Gate, whenOpen } from '../flow/hold.js';
import { Through } from '../flow/through.js';

/**
 * Errors with `idle` when no message has come for so long, though there was room for one.
 *
 *     messages      a--b------------
 *     held             [    )            our own slowness is not the peer's: while a message is held, time stands still
 *     idleTimeout   a--b---------#       5 ms after there was room again
 *
 * Put it directly above what holds: `messages$.pipe(idleTimeout(60_000), consume(…))`. Its clock starts with the subscription, and looks twice before it cuts,
 * so that a stall of our own cuts no healthy peer. It looks at whole messages; a peer that dribbles bytes is cut by the framing's deadlines (tinyproto: header, payload).
 *
 * @example
 * ```ts
 * import { consume, idleTimeout, listen, serve } from 'rx-tinyproto';
 *
 * listen(9123)
 *   .pipe(serve((conn) => conn.messages$.pipe(idleTimeout(60_000), consume((message) => conn.send(message)))))
 *   .subscribe();
 * ```
 */
export function idleTimeout<T>(timeoutMs: number): MonoTypeOperatorFunction<T> {
  positive('timeoutMs', timeoutMs);
  return (source) =>
    new Observable((subscriber) => {
      let gate: Gate | undefined;
      const expired = () => {
        // Held now: time starts again when there is room.
        if (gate && !gate.open) whenOpen(gate, restart);
        else subscriber.error(new WireError('idle', `No message has come for ${timeoutMs} ms`));
      };
      const timers = new Deadlines<'idle'>({ expired });
      const restart = () => {
        if (!subscriber.closed) timers.set('idle', timeoutMs);
      };

      subscriber.add(() => timers.dispose());
      restart();
      const came = (message: T) => {
        gate = currentGate();
        restart();
        subscriber.next(message);
        if (gate) whenOpen(gate, restart);
      };

      source.subscribe(new Through(subscriber, came));
    });
}
