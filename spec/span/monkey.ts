import { consume, SendError } from 'rx-tinyproto';
import { marbles, virtualBus } from 'rx-tinyproto/testing';
import { EMPTY, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { broadcast } from '../../src/span/broadcast.js';
import type { WhileBusAway } from '../../src/span/room.js';
import { Dice } from '../helpers/dice.js';
import { codec, served } from './spanning.js';

const names = ['a', 'b', 'c'];
const policies: readonly WhileBusAway[] = ['fail', 'local-only', 'queue'];
/** Cuts and messages end at 400 ms; then all are up, and two heartbeats pass. */
const [quietMs, endMs] = [400, 700];

/** Rooms over a bus that is lost and found at random, once for each seed. */
export function monkeyOfRooms(first: number, count: number): void {
  describe('rooms over a bus that is lost and found at random', () => {
    it.each(
      Array.from(
        { length: count },
        (_, index) => [first + index, policies[index % policies.length] as WhileBusAway] as const,
      ),
    )(
      'give each member each message once at most, in the order of its sender, and count what they missed: seed %i, %s',
      (seed, whileAway) =>
        marbles(
          (helpers) => {
            const chance = new Dice(seed);
            const roll = (bound: number) => chance.below(bound);
            const keeps = roll(2) === 0 ? 0 : 1_000;
            const bus = virtualBus({ latencyMs: roll(6), keeps });
            const sides = names.map((name) => {
              const end = bus.end(name);
              const options = {
                bus: end,
                name: 'lobby',
                codec,
                whileAway,
                heartbeatMs: 100,
                goneMs: 100_000,
                replay: keeps,
              };
              return {
                name,
                end,
                room: broadcast<string>(options),
                heard: [] as string[],
                missed: new Map<string, number>(),
                sent: 0,
              };
            });
            for (const { name, room, heard, missed } of sides) {
              room.missed$.subscribe(({ process, count }) =>
                missed.set(process, (missed.get(process) ?? 0) + count),
              );
              const listens = ({ messages$ }: Parameters<Parameters<typeof served>[3][string]>[0]) =>
                messages$.pipe(
                  tap((message) => heard.push(message)),
                  consume(() => EMPTY),
                );
              served(helpers, room, `${name}:1`, { [name]: listens }, endMs);
              room.presence$.pipe(takeUntil(timer(endMs))).subscribe();
            }
            for (const side of sides) {
              for (let ms = 120; ms < quietMs; ms += 1 + roll(25)) {
                timer(ms).subscribe(() => {
                  const number = ++side.sent;
                  // What was not sent to anybody takes no number.
                  side.room.send(`${side.name} ${number}`).subscribe({
                    error: (error) => {
                      if (!(error instanceof SendError)) throw error;
                      if (error.fate === 'not-sent') side.sent--;
                    },
                  });
                });
              }
              for (let ms = 130; ms < quietMs; ms += 10 + roll(80)) {
                timer(ms).subscribe(() => (roll(2) === 0 ? side.end.cut() : side.end.repair()));
              }
              timer(quietMs).subscribe(() => side.end.repair());
            }
            helpers.flush();

            for (const { name, heard, missed } of sides) {
              for (const sender of sides) {
                const numbers = heard.flatMap((message) =>
                  message.startsWith(sender.name) ? [Number(message.slice(2))] : [],
                );
                expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
                expect([name, sender.name, numbers.length + (missed.get(sender.name) ?? 0)]).toEqual([
                  name,
                  sender.name,
                  sender.sent,
                ]);
                if (whileAway === 'queue' && keeps > 0) expect(missed.size).toBe(0);
              }
            }
          },
          { maxMs: 2_000 },
        )(),
    );
  });
}
