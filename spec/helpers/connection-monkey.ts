import { type Connection, consume, type Framing, type SendError, text } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { EMPTY, NEVER, range, type Subscription, take, takeUntil, timer } from 'rxjs';
import { expect } from 'vitest';
import { Dice } from './dice.js';

export const stats = { sent: 0, received: 0 };

/** What one side has done and seen. */
interface Side {
  readonly sent: Map<string, 'waiting' | 'left' | 'taken' | SendError>;
  readonly kinds: Map<string, 'single' | 'stream'>;
  readonly received: string[];
  /** Whether it ever stopped wanting messages, or was ended, so that what its peer sent may have been dropped. */
  ended: false | 'in order' | 'at once';
  /** Sends that were neither taken nor failed while everybody read. */
  stuck: number;
  ends: number;
  terminals: number;
}

const newSide = (): Side => ({
  sent: new Map(),
  kinds: new Map(),
  received: [],
  ended: false,
  stuck: 0,
  ends: 0,
  terminals: 0,
});

/**
 * Two connections, and a monkey that sends, reads, leaves, closes and destroys on either, at random times, on a road that cuts and delays. Whatever it
 * does: each send settles once, in finite time; what arrives was sent, in order, once; what was taken arrives, unless the receiver was ended; what is said
 * not to have been sent does not arrive; each connection closes once; and nobody throws.
 */
export function connectionMonkey(seed: number, framing: () => Framing): void {
  const dice = new Dice(seed);
  const codec = text();
  const cut = (chunk: Uint8Array) => {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.length; ) {
      const size = dice.pick([1, 1, 2, 3, 5, 100, 100_000]);
      pieces.push(chunk.subarray(at, at + size));
      at += size;
    }
    return pieces;
  };
  const latencyMs = dice.below(6);
  const sides = { a: newSide(), b: newSide() };
  let serial = 0;

  marbles(
    ({ listen, connect, flush }) => {
      const actions = 3 + dice.below(25);
      const play = (conn: Connection<string>, side: Side, name: string) => {
        conn.closed$.subscribe({ next: () => side.ends++ });
        let reading: Subscription | undefined;
        const act: Record<string, () => void> = {
          send() {
            const message = `${name}${serial++}${'.'.repeat(dice.pick([0, 0, 1, 60, 5_000]))}`;
            side.sent.set(message, 'waiting');
            side.kinds.set(message, 'single');
            const settle = (fate: 'taken' | SendError) => {
              if (side.sent.get(message) !== 'left') expect(side.sent.get(message)).toBe('waiting');
              side.sent.set(message, fate);
            };
            const subscription = conn.send(message).subscribe({ next: () => settle('taken'), error: settle });
            if (dice.below(4) === 0) {
              timer(dice.below(3)).subscribe(() => {
                if (side.sent.get(message) === 'waiting') side.sent.set(message, 'left');
                subscription.unsubscribe();
              });
            }
          },
          sendAll() {
            const messages = Array.from({ length: dice.below(6) }, () => `${name}${serial++}`);
            for (const message of messages) {
              side.sent.set(message, 'left');
              side.kinds.set(message, 'stream');
            }
            conn
              .sendAll(messages)
              .subscribe({ next: () => messages.map((m) => side.sent.set(m, 'taken')), error: () => {} });
          },
          read() {
            reading?.unsubscribe();
            const ms = dice.below(4);
            const work$ =
              dice.below(5) === 0 ? NEVER.pipe(takeUntil(timer(20))) : ms === 0 ? EMPTY : timer(ms);
            reading = conn.messages$
              .pipe(
                take(dice.pick([1, 2, 1_000])),
                consume((message) => {
                  side.received.push(message);
                  if (dice.below(6) === 0) act.send?.();
                  return work$;
                }),
              )
              .subscribe({ error: () => side.terminals++, complete: () => {} });
          },
          leave: () => reading?.unsubscribe(),
          close() {
            side.ended ||= 'in order';
            conn.close().subscribe({ error: expect.unreachable });
          },
          destroy() {
            side.ended = 'at once';
            conn.destroy(dice.below(2) ? new Error('monkey') : undefined);
          },
        };
        const likely = ['send', 'send', 'send', 'send', 'read', 'read', 'read', 'sendAll', 'leave'];
        const all = dice.below(3) === 0 ? [...likely, 'close', 'destroy'] : likely;
        range(actions).subscribe(() => {
          const action = dice.pick(all);
          timer(dice.below(12)).subscribe(() => act[action]?.());
        });
        // In the end everybody reads what is left, and closes.
        timer(100).subscribe(() => {
          reading?.unsubscribe();
          conn.messages$.subscribe({ next: (message) => side.received.push(message), error: () => {} });
        });
        timer(30_000).subscribe(() => {
          side.stuck = [...side.sent.values()].filter((fate) => fate === 'waiting').length;
        });
        if (name === 'a') timer(40_000).subscribe(() => act.close?.());
      };

      const options = { codec, framing: framing(), allowHalfOpen: true };
      const server = listen('server:1', options).subscribe((conn) => play(conn, sides.a, 'a'));
      connect('server:1', options).subscribe({ next: (conn) => play(conn, sides.b, 'b'), error: () => {} });
      flush();
      server.unsubscribe();
    },
    {
      cut,
      latencyMs,
      // A small window and a long road are slow enough to look stuck.
      windowBytes: dice.pick(latencyMs > 0 ? [1_000, 65_536] : [10, 1_000, 65_536]),
      allow: ['held', 'open-subscriptions', 'undelivered', 'unsent'],
    },
  )();

  const because = `seed ${seed}`;
  for (const [from, to] of [
    [sides.a, sides.b],
    [sides.b, sides.a],
  ] as const) {
    const order = [...from.sent.keys()];
    const places = to.received.map((message) => order.indexOf(message));
    expect(places.includes(-1), `${because}: a message that nobody sent`).toBe(false);
    expect(new Set(places).size, `${because}: a message twice`).toBe(places.length);
    // A stream's message may be overtaken by a single one; each kind keeps its own order.
    for (const kind of ['single', 'stream']) {
      const inOrder = to.received
        .filter((message) => from.kinds.get(message) === kind)
        .map((message) => order.indexOf(message));
      expect(inOrder, `${because}: out of order`).toEqual([...inOrder].sort((x, y) => x - y));
    }
    expect([...from.sent.values()].includes('waiting'), `${because}: a send that is not settled`).toBe(false);
    for (const [message, fate] of from.sent) {
      const arrived = to.received.includes(message);
      if (fate instanceof Error && fate.fate === 'not-sent')
        expect(arrived, `${because}: not sent, and yet here: ${message.slice(0, 9)}`).toBe(false);
      if (fate === 'taken' && !to.ended && from.ended !== 'at once')
        expect(arrived, `${because}: taken, and lost: ${message.slice(0, 9)}`).toBe(true);
    }
    expect(from.stuck, `${because}: a send that is stuck`).toBe(0);
    expect(from.ends, `${because}: closed$`).toBe(1);
  }
  stats.sent += sides.a.sent.size + sides.b.sent.size;
  stats.received += sides.a.received.length + sides.b.received.length;
}
