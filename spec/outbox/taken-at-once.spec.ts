import fc from 'fast-check';
import { type Connection, lengthPrefixed, type Wire, wholeChunks } from 'rx-tinyproto';
import { NEVER } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { together } from '../../src/outbox/open-outbox.js';
import type { OpenOut } from '../../src/outbox/way-out.js';
import { opened, soon, wireThat } from '../helpers/wire-that.js';

// A wire may say of a write that the kernel has the bytes already, and calls nobody back then.

/** A message that tells which it is, and how long. */
function message(at: number, size: number): Uint8Array {
  return new Uint8Array(size).fill(at);
}

function framed(messages: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    messages.flatMap((each) => {
      const head = Buffer.alloc(4);
      head.writeUInt32BE(each.length);
      return [head, each];
    }),
  );
}

describe.each<[string, OpenOut | undefined]>([
  ['what is small is put together', together],
  ['each piece goes out as it is', undefined],
])('a wire that has taken what it was given at once, where %s', (_, outbox) => {
  const onWire = (wire: Wire, client: (conn: Connection) => void, framing = lengthPrefixed()) =>
    opened(wire, client, framing, outbox);

  it('settles a send without calling back', async () => {
    const { wire } = wireThat(() => true);
    const log: string[] = [];
    const end = onWire(wire, (conn) => {
      conn.send(message(1, 10)).subscribe({ complete: () => log.push('sent') });
      log.push('subscribed');
    });
    await soon();
    expect(log).toEqual(['subscribed', 'sent']);
    end();
  });

  it('carries a stream to its end', async () => {
    const { wire, bytes } = wireThat(() => true);
    const messages = Array.from({ length: 10_000 }, (_, at) => message(at & 0xff, 20));
    const log: string[] = [];
    const end = onWire(wire, (conn) =>
      conn.sendAll(messages).subscribe({ complete: () => log.push('sent') }),
    );
    for (let turn = 0; turn < 50 && log.length === 0; turn++) await soon();
    expect(log).toEqual(['sent']);
    expect(bytes().equals(framed(messages))).toBe(true);
    end();
  });

  it('is asked to end behind what it has', async () => {
    const { wire, settle, bytes, hasEnded } = wireThat(() => true);
    const end = onWire(wire, (conn) => {
      conn.send(message(1, 300_000)).subscribe();
      conn.close().subscribe();
    });
    await soon();
    settle();
    expect(bytes().equals(framed([message(1, 300_000)]))).toBe(true);
    expect(hasEnded()).toBe(true);
    end();
  });

  it('is told of behind what came later, and nothing that it has not is told of', async () => {
    const answers = [true, false, false];
    const { wire, settle } = wireThat(() => answers.shift() ?? false);
    const log: string[] = [];
    const told = (name: string) => ({ complete: () => void log.push(name) });
    const connected: Connection[] = [];
    const end = onWire(wire, (conn) => connected.push(conn), wholeChunks());
    const send = (size: number) => connected[0]?.send(message(1, size)) ?? NEVER;
    const small = Array.from({ length: 5 }, () => message(2, 10));
    // Outside of any turn: its end comes when this task is over.
    send(20_000).subscribe(told('at once'));
    connected[0]?.sendAll(small).subscribe({
      complete() {
        log.push('small');
        send(10).subscribe(told('another'));
      },
    });
    send(20_000).subscribe(told('large'));
    settle();
    await soon();
    expect(log).toEqual(['at once', 'small', 'large']);
    settle();
    await soon();
    expect(log).toEqual(['at once', 'small', 'large', 'another']);
    end();
  });

  it('sometimes, keeps the order, and settles each send once, in order', async () => {
    const sizes = fc.array(fc.constantFrom(0, 1, 60, 5_000, 16_380, 20_000, 300_000, 1_200_000), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.infiniteStream(fc.boolean()), async (lengths, answers) => {
        const { wire, settle, bytes } = wireThat(() => answers.next().value);
        const messages = lengths.map((size, at) => message(at + 1, size));
        const log: number[] = [];
        const whenSent = (at: number) => ({ complete: () => log.push(at), error: () => log.push(-1) });
        const end = onWire(wire, (conn) => {
          for (const [at, each] of messages.entries()) conn.send(each).subscribe(whenSent(at));
        });
        for (let turn = 0; turn < 40 && log.length < messages.length; turn++) {
          await soon();
          settle();
        }
        expect(log).toEqual(messages.map((_, at) => at));
        expect(bytes().equals(framed(messages))).toBe(true);
        end();
      }),
      { numRuns: 60 },
    );
  });

  it('sometimes, tells of nothing that the kernel has not, whenever it says so', async () => {
    const burst = fc.record({
      size: fc.constantFrom(1, 60, 5_000, 16_384, 300_000),
      count: fc.integer({ min: 1, max: 30 }),
    });
    const bursts = fc.array(burst, { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(bursts, fc.infiniteStream(fc.boolean()), async (all, dice) => {
        const { wire, settle, kernelHas } = wireThat(() => dice.next().value);
        const connected: Connection[] = [];
        const end = onWire(wire, (conn) => connected.push(conn), wholeChunks());
        let sent = 0;
        let waiting = 0;
        const early: number[] = [];
        const send = (size: number, count: number) => {
          const messages = Array.from({ length: size > 5_000 ? 1 : count }, () => new Uint8Array(size));
          sent += size * messages.length;
          const mine = sent;
          waiting++;
          connected[0]?.sendAll(messages).subscribe(() => {
            waiting--;
            if (kernelHas() < mine) early.push(mine - kernelHas());
            if (dice.next().value) send(10, 1);
          });
        };
        for (const { size, count } of all) send(size, count);
        for (let turn = 0; turn < 200 && waiting > 0; turn++) {
          if (dice.next().value) await soon();
          settle();
        }
        expect({ early, waiting }).toEqual({ early: [], waiting: 0 });
        end();
      }),
      { numRuns: 100, seed: 7 },
    );
  });
});
