import { connect, consume, converse, lengthPrefixed, relay, tinyproto } from 'rx-tinyproto';
import { EMPTY, firstValueFrom, ignoreElements, tap, timer } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Handler, serving } from '../helpers/loopback.js';

const messages = 1_000_000;
const MiB = 1_024 * 1_024;

function* all(): Generator<Uint8Array> {
  const message = new Uint8Array(100);
  for (let index = 0; index < messages; index++) yield message;
}

describe('relay, over three hops', () => {
  it.each([
    ['tinyproto, window 64', { framing: tinyproto({ window: 64, inboxSlots: 64 }) }],
    ['lengthPrefixed', { framing: lengthPrefixed() }],
  ])('carries 1,000,000 messages to a consumer that pauses, with memory flat: %s', async (name, options) => {
    const test = { onTestFinished };
    let consumed = 0;
    const far = await serving(
      test,
      (conn) =>
        conn.messages$.pipe(
          consume((_, index) => {
            consumed++;
            return index % 50_000 === 0 ? timer(50) : EMPTY;
          }),
        ),
      options,
    );
    let port = far.port;
    for (let hop = 0; hop < 3; hop++) {
      const onwards = port;
      const passOn: Handler = (inside) =>
        connect(onwards, options).pipe(converse((outside) => relay(inside, outside, { concurrency: 64 })));
      port = (await serving(test, passOn, options)).port;
    }
    const samples: number[] = [];
    const sampling = timer(1_000, 500).subscribe(() => {
      const { heapUsed, external, arrayBuffers } = process.memoryUsage();
      samples.push((heapUsed + external + arrayBuffers) / MiB);
    });
    const began = performance.now();
    await firstValueFrom(
      connect(port, options).pipe(
        converse((conn) => conn.sendAll(all())),
        tap(),
        ignoreElements(),
      ),
      { defaultValue: undefined },
    );
    await expect.poll(() => consumed, { timeout: 30_000 }).toBe(messages);
    sampling.unsubscribe();
    const seconds = (performance.now() - began) / 1_000;
    const most = Math.max(...samples);
    console.log(
      `${name}: ${seconds.toFixed(1)} s, ${Math.round(messages / seconds)} messages/s, at most ${most.toFixed(0)} MiB`,
    );
    const half = Math.floor(samples.length / 2);
    expect(Math.min(...samples.slice(half)) - Math.min(...samples.slice(0, half))).toBeLessThan(20);
    expect(most).toBeLessThan(200);
  });
});
