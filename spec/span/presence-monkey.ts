import type { Connection } from 'rx-tinyproto';
import { marbles, virtualBus } from 'rx-tinyproto/testing';
import { NEVER, Subscription, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { broadcast } from '../../src/span/broadcast.js';
import type { Bus } from '../../src/span/bus.js';
import type { SpanningRoom } from '../../src/span/room.js';
import { Dice } from '../helpers/dice.js';
import { codec } from './spanning.js';

const [heartbeatMs, goneMs] = [50, 160];
/** Until the first the bus is lost and found; until the second members come and go, and letters are lost; by the third that is repaired. */
const [foundMs, quietMs, endMs] = [450, 600, 1_000];

interface Side {
  room: SpanningRoom<string>;
  readonly joined: Map<string, Subscription>;
  readonly watching: Subscription;
}

/** Rooms whose members come and go at random, over a bus that is lost and found and loses letters, once for each seed. */
export function monkeyOfPresence(first: number, count: number): void {
  describe('presence over a bus that is lost and found at random', () => {
    it.each(Array.from({ length: count }, (_, index) => first + index))(
      'is right a heartbeat after all is well, whoever came and went meanwhile: seed %i',
      (seed) =>
        marbles(
          ({ flush }) => {
            const dice = new Dice(seed);
            const roll = (bound: number) => dice.below(bound);
            const bus = virtualBus({ latencyMs: roll(6) });
            const ends = ['a', 'b', 'c', 'd'].map((name) => bus.end(name));
            let quiet = false;
            let made = 0;
            const over = new Subscription();

            const roomOn = (end: Bus) =>
              broadcast<string>({
                bus: lossy(end, () => !quiet && roll(8) === 0),
                name: 'lobby',
                codec,
                heartbeatMs,
                goneMs,
              });
            const sideOn = (end: Bus): Side => {
              const room = roomOn(end);
              const watching = room.presence$.subscribe();
              over.add(watching);
              return { room, joined: new Map(), watching };
            };
            const comes = ({ room, joined }: Side) => {
              for (let more = 1 + (roll(20) === 0 ? 600 : roll(3)); more > 0; more--) {
                const id = `${++made}`;
                const joining = room.join(quietly(id), `name of ${id}`).subscribe();
                joined.set(id, joining);
                over.add(joining);
              }
            };
            const goes = ({ joined }: Side, chance: number) => {
              for (const [id, joining] of joined) {
                if (roll(chance) > 0) continue;
                joined.delete(id);
                joining.unsubscribe();
              }
            };
            const sides = ends.map(sideOn);

            const acts: readonly ((index: number) => void)[] = [
              (index) => comes(sides[index] as Side),
              (index) => comes(sides[index] as Side),
              (index) => goes(sides[index] as Side, 2),
              (index) => goes(sides[index] as Side, 1),
              (index) => ends[index]?.cut(),
              (index) => ends[index]?.repair(),
              (index) => ends[index]?.repair(),
              // All leave the room, and perhaps it is made anew.
              (index) => {
                const side = sides[index] as Side;
                goes(side, 1);
                side.watching.unsubscribe();
                sides[index] = sideOn(ends[index] as Bus);
              },
            ];
            for (let ms = 0; ms < quietMs; ms += roll(15))
              timer(ms).subscribe(() => {
                const index = roll(ends.length);
                for (let steps = 1 + roll(3); steps > 0; steps--)
                  acts[roll(ms < foundMs ? acts.length : 4)]?.(index);
              });
            timer(foundMs).subscribe(() => {
              for (const end of ends) end.repair();
            });
            timer(quietMs).subscribe(() => {
              quiet = true;
            });

            const seen: string[][] = [];
            let there: string[] = [];
            timer(endMs).subscribe(() => {
              there = sides.flatMap(({ joined }, index) =>
                [...joined.keys()].map((id) => `${id} name of ${id} ${ends[index]?.id}`),
              );
              for (const { room } of sides)
                room.presence$
                  .subscribe((everyone) =>
                    seen.push(
                      [...everyone.values()].map(({ id, name, process }) => `${id} ${name} ${process}`),
                    ),
                  )
                  .unsubscribe();
              over.unsubscribe();
            });
            flush();
            for (const everyone of seen) expect(everyone.sort()).toEqual(there.sort());
            expect(seen).toHaveLength(ends.length);
          },
          { maxMs: 2_000 },
        )(),
    );
  });
}

/** Confirms letters, some of which it loses. */
function lossy(end: Bus, loses: () => boolean): Bus {
  return {
    ...end,
    publish: (subject, letter) => (loses() ? NEVER : end.publish(subject, letter)),
  };
}

/** A connection that is never sent anything. */
function quietly(id: string): Connection<string> {
  return { id, closed$: NEVER } as unknown as Connection<string>;
}
