import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect as connectNats, headers } from '@nats-io/transport-node';
import { type Connection, connect, consume, listen, serve, text } from 'rx-tinyproto';
import { type Bus, broadcast, nats, type SpanningOptions, type SpanningRoom } from 'rx-tinyproto/nats';
import {
  catchError,
  EMPTY,
  filter,
  firstValueFrom,
  mergeMap,
  NEVER,
  type Observable,
  ReplaySubject,
  Subscription,
  timeout,
} from 'rxjs';
import { describe, expect, it, type TestContext } from 'vitest';
import { type NatsServer, natsServer, natsServerHere } from '../helpers/nats-server.js';
import { describePeer } from '../helpers/peers.js';

type Room = SpanningRoom<string>;

const codec = text();

/** A room in what plays a process of its own, with one member, and what that hears. */
async function process(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  bus: Bus,
  options: Partial<SpanningOptions<string>> = {},
  member: (conn: Connection<string>) => Observable<string> = ({ messages$ }) => messages$,
) {
  const room = broadcast<string>({ bus, name: 'lobby', codec, ...options });
  const heard: string[] = [];
  const states: string[] = [];
  const missed: string[] = [];
  const bound = new ReplaySubject<readonly { readonly port?: number }[]>(1);
  const all = new Subscription();
  onTestFinished(() => all.unsubscribe());
  all.add(room.state$.subscribe(({ state }) => states.push(state)));
  all.add(room.missed$.subscribe(({ count, why }) => missed.push(`${count} ${why}`)));
  all.add(
    listen(0, { codec, openObserver: bound as never })
      .pipe(serve((conn) => room.join(conn, 'me')))
      .subscribe(),
  );
  const [address] = await firstValueFrom(bound);
  const member$ = connect(address?.port ?? 0, { codec }).pipe(
    mergeMap(member),
    catchError(() => EMPTY),
  );
  all.add(member$.subscribe((message) => heard.push(message)));
  await expect.poll(() => states.at(-1), { timeout: 10_000 }).toBe('up');
  return { bus, room, heard, states, missed, leave: () => all.unsubscribe() };
}

const quickly = { minDelayMs: 10, maxDelayMs: 50 };
const within = <T>(stream$: Observable<T>) => firstValueFrom(stream$.pipe(timeout(10_000)));
const present = (room: Room) => firstValueFrom(room.presence$).then(({ size }) => size);

describePeer('nats-server', natsServerHere, () => {
  describe('a room over NATS', () => {
    const two = async (
      test: TestContext,
      server: NatsServer,
      options: Partial<SpanningOptions<string>> = {},
    ) => {
      const bus = () => nats({ servers: server.address, ...quickly });
      const [one, other] = [await process(test, bus(), options), await process(test, bus(), options)];
      await expect.poll(() => present(one.room)).toBe(2);
      await expect.poll(() => present(other.room)).toBe(2);
      return [one, other] as const;
    };

    it("loses nothing that is sent with 'queue' while the server is killed and started again", async (test) => {
      const server = await natsServer(test);
      const [one, other] = await two(test, server, { whileAway: 'queue' });
      await within(one.room.send('before'));
      await server.kill();
      await expect.poll(() => [one.states.at(-1), other.states.at(-1)]).toEqual(['away', 'away']);
      const sent = Promise.all(['x', 'y', 'z'].map((word) => within(one.room.send(word))));
      await expect.poll(() => one.heard).toEqual(['before', 'x', 'y', 'z']);
      expect(other.heard).toEqual(['before']);
      await server.restart();
      await sent;
      await expect.poll(() => one.states.at(-1)).toBe('up');
      await expect.poll(() => other.states.at(-1)).toBe('up');
      // Who comes back first sends first: what the other was not there for, it knows to have missed.
      await within(one.room.send('after'));
      await expect.poll(() => other.heard.at(-1)).toBe('after');
      const lost = other.missed.reduce((sum, each) => sum + Number.parseInt(each, 10), 0);
      expect(other.heard.length + lost).toBe(5);
      expect([...other.heard].sort()).toEqual(
        ['after', 'before', 'x', 'y', 'z'].filter((word) => other.heard.includes(word)),
      );
      await expect.poll(() => present(one.room), { timeout: 5_000 }).toBe(2);
    });

    it("says that it is away, and fails sends with 'fail', when the server says nothing any more", async (test) => {
      const server = await natsServer(test);
      const bus = nats({ servers: server.address, answerTimeoutMs: 300, ...quickly });
      const one = await process(test, bus);
      await server.freeze();
      const failed = within(one.room.send('m')).catch(({ code, fate }) => `${code} ${fate}`);
      expect(await failed).toBe('bus-away unknown');
      expect(one.states.at(-1)).toBe('away');
      expect(await within(one.room.send('n')).catch(({ code, fate }) => `${code} ${fate}`)).toBe(
        'bus-away not-sent',
      );
      server.thaw();
      await expect.poll(() => one.states.at(-1), { timeout: 10_000 }).toBe('up');
      await within(one.room.send('o'));
      await expect.poll(() => one.heard).toEqual(['m', 'o']);
    });

    it('says away, and why, where there is no server', async (test) => {
      const server = await natsServer(test);
      await server.kill();
      const room = broadcast<string>({ bus: nats({ servers: server.address }), name: 'lobby', codec });
      const state = await within(room.state$.pipe(filter(({ state }) => state === 'away')));
      expect(String('error' in state && state.error)).toContain('refused');
    });

    it('gives newcomers what was sent before their process, and all others, were there, from JetStream', async (test) => {
      const server = await natsServer(test, { jetstream: true });
      const bus = () => nats({ servers: server.address, history: { perRoom: 3 }, ...quickly });
      const one = await process(test, bus(), { replay: 10 });
      for (const word of ['a', 'b', 'c', 'd', 'e']) await within(one.room.send(word));
      one.leave();
      await server.kill();
      await server.restart();
      const other = await process(test, bus(), { replay: 10 });
      await expect.poll(() => other.heard).toEqual(['c', 'd', 'e']);
      await within(other.room.send('f'));
      const third = await process(test, bus(), { replay: 2 });
      await expect.poll(() => third.heard).toEqual(['e', 'f']);
      expect([other.missed, third.missed]).toEqual([[], []]);
    });

    it('fills in from JetStream what it missed while it was away itself', async (test) => {
      const server = await natsServer(test, { jetstream: true });
      const bus = (answerTimeoutMs: number) =>
        nats({ servers: server.address, history: {}, answerTimeoutMs, ...quickly });
      const [one, other] = [
        await process(test, bus(5_000), { replay: 50, whileAway: 'queue' }),
        await process(test, bus(5_000), { replay: 50 }),
      ];
      await within(one.room.send('a'));
      await server.kill();
      await expect.poll(() => [one.states.at(-1), other.states.at(-1)]).toEqual(['away', 'away']);
      const sent = Promise.all(['b', 'c'].map((word) => within(one.room.send(word))));
      await server.restart();
      await sent;
      await expect.poll(() => other.heard, { timeout: 10_000 }).toEqual(['a', 'b', 'c']);
      expect(other.missed).toEqual([]);
    });

    it('keeps the history of each of several rooms, also where the stream keeps more than their messages', async (test) => {
      const server = await natsServer(test, { jetstream: true });
      const foreign = await connectNats({ servers: server.address });
      test.onTestFinished(() => foreign.close());
      const { streams } = await jetstreamManager(foreign);
      await streams.add({ name: 'rx-tinyproto', subjects: ['rx-tinyproto.>'] });
      const bus = () => nats({ servers: server.address, history: {}, ...quickly });
      const one = await process(test, bus(), { name: 'one', replay: 10 });
      const ours = one.bus;
      const two = await process(test, ours, { name: 'two', replay: 10 });
      for (const word of ['a', 'b', 'c'])
        await Promise.all([within(one.room.send(`one ${word}`)), within(two.room.send(`two ${word}`))]);
      const later = bus();
      const [first, second] = [
        await process(test, later, { name: 'one', replay: 10 }),
        await process(test, later, { name: 'two', replay: 10 }),
      ];
      await expect.poll(() => first.heard).toEqual(['one a', 'one b', 'one c']);
      await expect.poll(() => second.heard).toEqual(['two a', 'two b', 'two c']);
    });

    it('begins with the last of a history of any length, and with what is left of one', async (test) => {
      const server = await natsServer(test, { jetstream: true });
      const foreign = await connectNats({ servers: server.address });
      test.onTestFinished(() => foreign.close());
      const { streams } = await jetstreamManager(foreign);
      await streams.add({ name: 'rx-tinyproto', subjects: ['rx-tinyproto.messages.>'] });
      for (let number = 1; number <= 2_500; number++) {
        const known = headers();
        known.set('Rx-From', 'somebody/1');
        known.set('Rx-Number', `${number}`);
        foreign.publish('rx-tinyproto.messages.lobby', `${number}`, { headers: known });
      }
      foreign.publish('rx-tinyproto.messages.lobby', 'of somebody else');
      await foreign.flush();
      const bus = () => nats({ servers: server.address, history: {}, ...quickly });
      const one = await process(test, bus(), { replay: 3 });
      await expect.poll(() => one.heard).toEqual(['2498', '2499', '2500']);
      await streams.purge('rx-tinyproto', { keep: 2 });
      const two = await process(test, bus(), { replay: 3 });
      await expect.poll(() => two.heard).toEqual(['2500']);
    });

    it('is away, and says why, where the stream keeps other subjects, which another prefix has by itself not', async (test) => {
      const server = await natsServer(test, { jetstream: true });
      const away = async (bus: Bus) => {
        const state = await within(
          bus.state$.pipe(filter(({ state }) => state === 'away' || state === 'up')),
        );
        return 'error' in state ? String(state.error) : state.state;
      };
      expect(await away(nats({ servers: server.address, prefix: 'my.app', history: {} }))).toBe('up');
      expect(await away(nats({ servers: server.address, prefix: 'other', history: {} }))).toBe('up');
      expect(
        await away(nats({ servers: server.address, prefix: 'other', history: { stream: 'my-app' } })),
      ).toContain('The stream my-app keeps other subjects than other.messages.>');
    });

    it('is away, and says why, when it may not write', async (test) => {
      const folder = mkdtempSync(join(tmpdir(), 'rx-tinyproto-nats-'));
      test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const deny = 'permissions: { publish: { deny: "rx-tinyproto.messages.>" } }';
      writeFileSync(
        join(folder, 'server.conf'),
        `authorization { users: [{ user: reader, password: x, ${deny} }] }\n`,
      );
      const server = await natsServer(test, { args: ['-c', join(folder, 'server.conf')] });
      const connection = { user: 'reader', pass: 'x' };
      const one = await process(test, nats({ servers: server.address, connection, ...quickly }));
      const away = within(one.room.state$.pipe(filter(({ state }) => state === 'away')));
      one.room.send('m').subscribe({ error: () => {} });
      const state = await away;
      expect(String('error' in state && state.error)).toContain(
        'Permissions Violation for Publish to "rx-tinyproto.messages.lobby"',
      );
    });

    it('is away, and says why, where a history is wanted from a server without JetStream', async (test) => {
      const server = await natsServer(test);
      const bus = nats({ servers: server.address, history: {} });
      const state = await within(bus.state$.pipe(filter(({ state }) => state === 'away')));
      expect(String('error' in state && state.error)).toMatch(/jetstream/i);
    });

    it('harms nobody with a member that does not read, wherever it is', async (test) => {
      const server = await natsServer(test);
      const bus = () => nats({ servers: server.address, ...quickly });
      const options = { onSlow: 'drop-oldest', maxPendingMessages: 20 } as const;
      const one = await process(test, bus());
      const slow = await process(test, bus(), options, ({ messages$ }) =>
        messages$.pipe(consume(() => NEVER)),
      );
      const other = await process(test, bus(), options);
      const dropped: string[] = [];
      slow.room.dropped$.subscribe(({ message }) => dropped.push(message));
      for (let index = 0; index < 60; index++) await within(one.room.send(`${index}`));
      await expect.poll(() => other.heard).toEqual(Array.from({ length: 60 }, (_, index) => `${index}`));
      // It takes one, 16 are in its connection's hands, 20 wait; the oldest of those behind gave way.
      await expect.poll(() => dropped).toEqual(Array.from({ length: 23 }, (_, index) => `${17 + index}`));
      expect([slow.missed, other.missed]).toEqual([[], []]);
    });
  });
});
