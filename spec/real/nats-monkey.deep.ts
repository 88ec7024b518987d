import { type Connection, SendError, text } from 'rx-tinyproto';
import { broadcast, nats, type SpanningRoom, type WhileBusAway } from 'rx-tinyproto/nats';
import { firstValueFrom, NEVER, of, Subscription, timer } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Dice } from '../helpers/dice.js';
import { natsServer, natsServerHere } from '../helpers/nats-server.js';
import { describePeer } from '../helpers/peers.js';

const codec = text();
const names = ['a', 'b', 'c'];
const policies: readonly WhileBusAway[] = ['fail', 'local-only', 'queue'];
const wait = (ms: number) => firstValueFrom(timer(ms));

/** Who takes everything at once. */
const member = (heard: string[]) => {
  const send = (message: string) => {
    heard.push(message);
    return of(undefined);
  };
  return { id: crypto.randomUUID(), closed$: NEVER, send } as unknown as Connection<string>;
};

/** What plays a process: its bus, its room, and one member who stays. */
function side(name: string, servers: string, whileAway: WhileBusAway, keeps: boolean) {
  const bus = nats({
    servers,
    minDelayMs: 5,
    maxDelayMs: 40,
    answerTimeoutMs: 250,
    ...(keeps && { history: { perRoom: 10_000 } }),
  });
  const room: SpanningRoom<string> = broadcast<string>({
    bus,
    name: 'lobby',
    codec,
    whileAway,
    heartbeatMs: 100,
    goneMs: 60_000,
    ...(keeps && { replay: 10_000 }),
    maxPendingMessages: 20_000,
  });
  const heard: string[] = [];
  const missed = new Map<string, number>();
  const open = new Subscription();
  let present = 0;
  let state = '';
  room.missed$.subscribe(({ process, count }) => missed.set(process, (missed.get(process) ?? 0) + count));
  open.add(room.join(member(heard), name).subscribe());
  open.add(
    room.presence$.subscribe(({ size }) => {
      present = size;
    }),
  );
  open.add(
    room.state$.subscribe((now) => {
      state = now.state;
    }),
  );
  return { name, bus, room, heard, missed, open, sent: 0, present: () => present, state: () => state };
}

describePeer('nats-server', natsServerHere, () => {
  describe('rooms over a real NATS server that is killed, started again and frozen at random', () => {
    it.each(
      Array.from(
        { length: 6 },
        (_, seed) => [seed, policies[seed % 3] as WhileBusAway, seed % 2 > 0] as const,
      ),
    )(
      'give each member each message once at most, in order, and count what they missed: seed %i, %s, history %s',
      async (seed, whileAway, keeps) => {
        await play({ onTestFinished }, seed, whileAway, keeps);
      },
      60_000,
    );
  });
});

async function play(
  test: Parameters<typeof natsServer>[0],
  seed: number,
  whileAway: WhileBusAway,
  keeps: boolean,
) {
  const dice = new Dice(seed);
  const server = await natsServer(test, { jetstream: keeps });
  const sides = names.map((name) => side(name, server.address, whileAway, keeps));
  test.onTestFinished(() => {
    for (const { open } of sides) open.unsubscribe();
  });
  const settled = async () => {
    await expect
      .poll(() => sides.map((each) => each.state()), { timeout: 20_000 })
      .toEqual(['up', 'up', 'up']);
    await expect.poll(() => sides.map((each) => each.present()), { timeout: 20_000 }).toEqual([3, 3, 3]);
  };
  await settled();
  let over = false;
  const sending = sides.map(async (one) => {
    while (!over) {
      for (let burst = dice.below(6); burst > 0; burst--) {
        const number = ++one.sent;
        // What was not sent to anybody takes no number.
        one.room.send(`${one.name} ${number}`).subscribe({
          error: (error) => {
            if (!(error instanceof SendError)) throw error;
            if (error.fate === 'not-sent') one.sent--;
          },
        });
      }
      await wait(dice.below(6));
    }
  });
  for (let round = 0; round < 6; round++) {
    await wait(50 + dice.below(150));
    if (dice.below(3) > 0) {
      await server.kill();
      await wait(dice.below(120));
      await server.restart();
    } else {
      await server.freeze();
      await wait(dice.below(500));
      server.thaw();
    }
  }
  over = true;
  await Promise.all(sending);
  await settled();
  const counts = () =>
    sides.flatMap(({ name, bus, heard, missed }) =>
      sides.map((sender) => {
        const count = heard.filter((message) => message.startsWith(sender.name)).length;
        return [name, sender.name, sender.bus === bus ? count : count + (missed.get(sender.bus.id) ?? 0)];
      }),
    );
  const wanted = sides.flatMap(({ name }) => sides.map((sender) => [name, sender.name, sender.sent]));
  await expect.poll(counts, { timeout: 10_000 }).toEqual(wanted);
  for (const { heard, missed } of sides) {
    for (const sender of sides) {
      const numbers = heard.flatMap((message) =>
        message.startsWith(sender.name) ? [Number(message.slice(2))] : [],
      );
      expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
    }
    if (whileAway === 'queue' && keeps) expect([...missed]).toEqual([]);
  }
}
