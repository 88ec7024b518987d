import { firstValueFrom, mergeMap, type Subscription } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Address, BoundAddress, Wire } from '../../src/transport/transport.js';
import {
  type End,
  pass,
  ready,
  type Scene,
  scene,
  type TransportCase,
  text,
  until,
  utf8,
  watch,
} from './wires.js';

const failure = async (wire$: ReturnType<Scene['transport']['dial']>): Promise<unknown> =>
  firstValueFrom(wire$).then(
    (wire) => wire,
    (error: unknown) => error,
  );

export function addressContract(of: TransportCase): void {
  describe('addresses', () => {
    let stage: Scene;
    beforeEach(async () => {
      stage = await scene(of);
    });
    afterEach(() => stage.close());

    /** Listens besides the stage's listener. */
    async function listen(
      address: Address,
    ): Promise<{ bound: BoundAddress; wires: Wire[]; listening: Subscription }> {
      const wires: Wire[] = [];
      let bound: BoundAddress | undefined;
      const listening = stage.transport
        .listen(address, { openObserver: { next: (each) => (bound = each) } })
        .pipe(mergeMap(ready))
        .subscribe((wire) => wires.push(wire));
      expect(bound, 'bound inside subscribe').toBeUndefined();
      await until(() => bound !== undefined, 'bound');
      return { bound: bound as unknown as BoundAddress, wires, listening };
    }

    it('are the same seen from both ends', async () => {
      const { near, far } = await stage.meet();
      expect(near.wire.remote).toEqual(stage.bound);
      expect(far.wire.local).toEqual(stage.bound);
      expect(near.wire.local).toEqual(far.wire.remote);
    });

    it('that nobody listens on refuse', async () => {
      stage.listening.unsubscribe();
      expect(await failure(stage.transport.dial(stage.bound))).toMatchObject({
        name: 'WireError',
        code: 'connection-refused',
      });
    });

    it('in use are refused to a second listener, and the first lives', async () => {
      expect(await failure(stage.transport.listen(stage.bound))).toMatchObject({
        name: 'WireError',
        code: 'address-in-use',
      });
      const { near, far } = await stage.meet();
      near.write(utf8('still here'));
      await until(() => text(far) === 'still here', 'alive');
    });

    it('are free again as soon as listening is unsubscribed', async () => {
      stage.listening.unsubscribe();
      const again = await listen(stage.bound);
      expect(again.bound).toEqual(stage.bound);
      again.listening.unsubscribe();
    });

    it('survive subscribing and unsubscribing in one turn', async () => {
      stage.listening.unsubscribe();
      for (let round = 0; round < 5; round++) stage.transport.listen(stage.bound).subscribe().unsubscribe();
      const again = await listen(stage.bound);
      again.listening.unsubscribe();
    });

    it('are each their own: two listeners, two subscriptions', async () => {
      const other = await listen(of.address());
      expect(other.bound).not.toEqual(stage.bound);
      const dialled = watch(await firstValueFrom(stage.transport.dial(other.bound)));
      await until(() => other.wires.length === 1, 'accepted');
      expect(stage.accepted).toHaveLength(0);
      other.listening.unsubscribe();
      for (const wire of other.wires) wire.destroy();
      dialled.wire.destroy();
      await until(() => dialled.closings.length === 1, 'closed');
    });

    it('given up while wires are open leave the wires alone', async () => {
      const { near, far } = await stage.meet();
      stage.listening.unsubscribe();
      near.write(utf8('are you there'));
      await until(() => text(far) === 'are you there', 'alive');
      expect(await failure(stage.transport.dial(stage.bound))).toMatchObject({ code: 'connection-refused' });
    });

    it('dialled and given up leave nothing behind', async () => {
      const given: Wire[] = [];
      for (let rounds = 0; rounds < 5; rounds++) {
        const dialling = stage.transport.dial(stage.bound).subscribe((wire) => given.push(wire));
        for (let round = 0; round < rounds; round++) await Promise.resolve();
        dialling.unsubscribe();
      }
      await pass(30);
      for (const wire of given) wire.destroy();
      const accepted = stage.accepted.map((wire) => watch(wire));
      await until(
        () => accepted.every((end) => end.endings.length === 1),
        'each that was accepted has ended',
      );
      for (const { wire } of accepted) wire.destroy();
      await until(() => accepted.every((end) => end.closings.length === 1), 'and is closed');
    });

    it('dialled emit one wire and complete, never inside subscribe', async () => {
      const seen: string[] = [];
      let dialled: Wire | undefined;
      stage.transport.dial(stage.bound).subscribe({
        next: (wire) => {
          seen.push('wire');
          dialled = wire;
        },
        complete: () => seen.push('complete'),
      });
      expect(seen).toEqual([]);
      await until(() => seen.length === 2 && stage.accepted.length === 1, 'dialled');
      expect(seen).toEqual(['wire', 'complete']);
      dialled?.destroy();
      stage.accepted[0]?.destroy();
      await pass(5);
    });

    it('that cannot be meant throw at the call', () => {
      const { transport } = stage;
      expect(() => transport.listen('nowhere')).toThrow(TypeError);
      expect(() => transport.listen(65_536)).toThrow(RangeError);
      expect(() => transport.dial('*:9')).toThrow(TypeError);
      expect(() => transport.dial(0)).toThrow(RangeError);
      expect(() => transport.dial({ path: 'x'.repeat(200) })).toThrow(RangeError);
    });

    it('under a flood of connect-and-reset stay open', async () => {
      let dialled = 0;
      for (let round = 0; round < 100; round++) {
        stage.transport.dial(stage.bound).subscribe((wire) => {
          dialled++;
          wire.destroy({ reset: true });
        });
      }
      await until(() => dialled === 100, 'all have called');
      let near: End | undefined;
      stage.transport.dial(stage.bound).subscribe((wire) => {
        near = watch(wire);
        near.write(utf8('and me'));
      });
      const watched = new Map<Wire, End>();
      const all = () =>
        stage.accepted.map((wire) => {
          const end = watched.get(wire) ?? watch(wire);
          watched.set(wire, end);
          return end;
        });
      // On a busy machine it comes before the last of the flood.
      await until(() => all().some((end) => text(end) === 'and me'), 'served');
      near?.wire.destroy({ reset: true });
      for (const { wire } of all()) wire.destroy({ reset: true });
      await until(() => all().every((end) => end.closings.length === 1), 'all closed');
    });
  });
}
