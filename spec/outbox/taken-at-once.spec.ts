import fc from 'fast-check';
import { type Connection, lengthPrefixed, type Transport, type Wire, wholeChunks } from 'rx-tinyproto';
import { asapScheduler, NEVER, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectOver } from '../../src/client/connect.js';
import { together } from '../../src/outbox/open-outbox.js';

// A wire may say of a write that the kernel has the bytes already, and calls nobody back then.

type Done = Parameters<Wire['write']>[1];

/** A wire, and what it was given: `takes` says of each write whether the kernel has it at once; the others are done when `settle` is called. */
function wireThat(takes: (at: number) => boolean) {
  const chunks: Uint8Array[] = [];
  const waiting: { readonly done: Done; readonly end: number }[] = [];
  let written = 0;
  let kernel = 0;
  let writes = 0;
  let ended = false;
  const wire: Wire = {
    local: { host: 'here', port: 1 },
    remote: { host: 'there', port: 1 },
    bytes$: NEVER,
    closed$: NEVER,
    write(bytes, done, more) {
      chunks.push(bytes.slice());
      written += bytes.length;
      const atOnce = !more && waiting.length === 0 && takes(writes++);
      if (atOnce) kernel = written;
      else waiting.push({ done, end: written });
      return atOnce;
    },
    pause: () => {},
    resume: () => {},
    end: () => {
      ended = true;
    },
    destroy: () => {},
  };
  const settle = () => {
    for (const { done, end } of waiting.splice(0)) {
      kernel = Math.max(kernel, end);
      done();
    }
  };
  const bytes = () => Buffer.concat(chunks);
  return { wire, settle, bytes, kernelHas: () => kernel, hasEnded: () => ended };
}

/** What the client does with a connection over such a wire. Gives back what ends it. */
function onWire(wire: Wire, client: (conn: Connection) => void, framing = lengthPrefixed()): () => void {
  const transport: Transport = { dial: () => of(wire), listen: () => NEVER };
  const connections: Connection[] = [];
  connectOver({ transport, framing, outbox: together })('there:1').subscribe((conn) => {
    connections.push(conn);
    client(conn);
  });
  return () => {
    for (const conn of connections) conn.destroy();
  };
}

const soon = () => new Promise<void>((resolve) => void asapScheduler.schedule(() => resolve()));

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

describe('a wire that has taken what it was given at once', () => {
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
    await soon();
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
