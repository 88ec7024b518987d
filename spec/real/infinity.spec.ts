import { connect, consume, converse, type ReconnectState, reconnect, WireError } from 'rx-tinyproto';
import { ignoreElements, lastValueFrom, merge, mergeMap, take, throwError, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { serving } from '../helpers/loopback.js';

// The platform's timers take `Infinity` for a millisecond, so these cannot be told in virtual time.
describe('Infinity', () => {
  const ever = Number.POSITIVE_INFINITY;

  it('is a time that never ends: to connect, and to stop', async (test) => {
    const served = await serving(
      test,
      (conn) =>
        conn.messages$.pipe(
          take(1),
          consume((message) => timer(40).pipe(mergeMap(() => conn.send(message)))),
        ),
      {
        graceMs: ever,
        writeTimeoutMs: ever,
        closeTimeoutMs: ever,
        claimTimeoutMs: ever,
        messageTimeoutMs: ever,
      },
    );
    const answered = lastValueFrom(
      connect(served.port, { connectTimeoutMs: ever }).pipe(
        converse((conn) =>
          merge(conn.messages$.pipe(take(1)), conn.send(new Uint8Array(3)).pipe(ignoreElements())),
        ),
      ),
    );
    await served.next();
    const stopped = served.stop();
    expect(await answered).toEqual(new Uint8Array(3));
    await stopped;
    expect(served.errors).toEqual([]);
  });

  it('is a time that never ends: to try again', async () => {
    const refused$ = throwError(() => new WireError('connection-refused', ''));
    const states: string[] = [];
    const stateObserver = { next: ({ state }: ReconnectState) => states.push(state) };
    const patient$ = refused$.pipe(reconnect({ minDelayMs: ever, maxDelayMs: ever, stateObserver }));
    const subscription = patient$.subscribe();
    await lastValueFrom(timer(40));
    expect(states).toEqual(['connecting', 'waiting']);
    subscription.unsubscribe();
  });
});
