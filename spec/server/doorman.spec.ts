import { BlockList } from 'node:net';
import {
  type ListenOptions,
  listen as listenReal,
  type PerAddressLimits,
  type ServerEvent,
  serve,
  type Transport,
} from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import {
  asapScheduler,
  concatMap,
  from,
  map,
  mergeMap,
  NEVER,
  type Observable,
  Subject,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { addressKey, isLoopback } from '../../src/server/address-key.js';
import { type AddressTable, addressTable } from '../../src/server/address-table.js';
import { type DoorOptions, doorman } from '../../src/server/doorman.js';
import { virtualNetwork } from '../../src/testing/virtual-network.js';
import type { AddressList } from '../../src/transport/proxy-options.js';

const server = 'server:1';

describe('addressKey', () => {
  it.each([
    ['203.0.113.7', '203.0.113.7'],
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['::FFFF:203.0.113.7', '203.0.113.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:db8::', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::2:3:4:5:6:7', '0:0:2:3::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['server', 'server'],
  ])('of %s is %s', (host, key) => {
    expect(addressKey(host)).toBe(key);
  });

  it('knows this machine', () => {
    const hosts = [
      '127.0.0.1',
      '127.9.9.9',
      '::1',
      '::ffff:127.0.0.1',
      '128.0.0.1',
      '::2',
      '127.0.0.1.example',
    ];
    expect(hosts.map(isLoopback)).toEqual([true, true, true, true, false, false, false]);
  });
});

/** Runs a test on a table in virtual time. */
const inTime = (
  limits: PerAddressLimits,
  test: (table: AddressTable, at: (ms: number, work: () => void) => void) => void,
) =>
  marbles(({ run }) => {
    const table = addressTable(limits);
    test(table, (ms, work) => run(timer(ms).pipe(tap(work))));
  });

describe('addressTable', () => {
  it(
    'lets an address have its connections, and again when they are gone',
    inTime({ maxConnections: 2 }, (table) => {
      const enter = (host: string) => table.enter(host) ?? 'in';
      expect([1, 2, 3].map(() => enter('203.0.113.7'))).toEqual(['in', 'in', 'connections-of-address']);
      expect(enter('203.0.113.8')).toBe('in');
      expect(enter('::ffff:203.0.113.7')).toBe('connections-of-address');
      table.leave('203.0.113.7');
      expect([1, 2].map(() => enter('203.0.113.7'))).toEqual(['in', 'connections-of-address']);
      expect([1, 2, 3].map((at) => enter(`2001:db8::${at}`))).toEqual(['in', 'in', 'connections-of-address']);
    }),
  );

  it(
    'lets so many come at once, then so many a second, and never saves up more than a burst',
    inTime({ burst: 3, acceptsPerSecond: 2 }, (table, at) => {
      const come = () => {
        for (let count = 0; ; count++) if (table.enter('203.0.113.7')) return count;
      };
      const came: number[] = [];
      at(0, () => came.push(come()));
      at(400, () => came.push(come()));
      at(500, () => came.push(come()));
      at(1_500, () => came.push(come()));
      at(60_000, () => came.push(come()));
      at(60_001, () => expect(came).toEqual([3, 0, 1, 2, 3]));
    }),
  );

  it('lets go of those who came before the list of the exempt said something else', () => {
    const listed = new Set<string>();
    const exempt = { check: (host: string) => listed.has(host) };
    const table = addressTable({ maxConnections: 1, exempt });
    const host = '203.0.113.7';
    const others = '203.0.113.8';
    table.enter(host);
    listed.add(host).add(others);
    table.enter(others);
    table.leave(host);
    listed.clear();
    expect(table.enter(host)).toBeUndefined();
    expect(table.enter(others)).toBeUndefined();
    table.leave(others);
    expect(table.enter(others)).toBe('connections-of-address');
    table.leave(others);
    expect(table.enter(others)).toBeUndefined();
  });

  it('keeps nobody out for a clock that is set back', () => {
    const table = addressTable({ burst: 2, acceptsPerSecond: 1 });
    const clock = vi.spyOn(Date, 'now').mockReturnValue(10_000_000);
    expect(table.enter('203.0.113.7')).toBeUndefined();
    clock.mockReturnValue(0);
    expect(table.enter('203.0.113.7')).toBeUndefined();
    expect(table.enter('203.0.113.7')).toBe('rate-of-address');
    clock.mockReturnValue(1_000);
    expect(table.enter('203.0.113.7')).toBeUndefined();
    clock.mockRestore();
  });

  it(
    'counts those against the rate who are one too many',
    inTime({ burst: 3, acceptsPerSecond: 1, maxConnections: 1 }, (table) => {
      expect([1, 2, 3, 4].map(() => table.enter('203.0.113.7'))).toEqual([
        undefined,
        'connections-of-address',
        'connections-of-address',
        'rate-of-address',
      ]);
    }),
  );

  it(
    'remembers so many addresses, those with connections besides, and forgets who has rested the longest',
    inTime({ maxAddresses: 10, burst: 1, acceptsPerSecond: 1 }, (table) => {
      for (let at = 0; at < 1_000; at++) {
        table.enter(`203.0.${at >> 8}.${at & 255}`);
        if (at > 2) table.leave(`203.0.${at >> 8}.${at & 255}`);
      }
      expect(table.size).toBe(13);
      expect(table.enter('203.0.3.231')).toBe('rate-of-address');
      expect(table.enter('203.0.1.0')).toBeUndefined();
      for (const host of ['203.0.0.0', '203.0.0.1', '203.0.0.2'])
        expect(table.enter(host)).toBe('rate-of-address');
    }),
  );

  it(
    'does not count loopback, nor whom `exempt` names instead',
    inTime({ maxConnections: 1 }, (table) => {
      for (const host of ['127.0.0.1', '127.0.0.1', '::1', '::1']) expect(table.enter(host)).toBeUndefined();
      expect(table.size).toBe(0);
      const exempt = new BlockList();
      exempt.addSubnet('10.0.0.0', 8);
      const other = addressTable({ maxConnections: 1, exempt });
      expect(
        ['10.1.1.1', '10.1.1.1', '::ffff:10.1.1.1', '127.0.0.1', '127.0.0.1'].map((host) =>
          other.enter(host),
        ),
      ).toEqual([undefined, undefined, undefined, undefined, 'connections-of-address']);
    }),
  );
});

describe('doorman', () => {
  const listed = () => {
    const list = new BlockList();
    list.addSubnet('203.0.113.0', 24);
    list.addSubnet('2001:db8::', 32, 'ipv6');
    return list;
  };
  const of_ = (host: string) => ({ host, port: 1 });

  it('lets in whom `allow` names, also where IPv6 carries the address, and nobody whom `deny` does', () => {
    const deny = new BlockList();
    deny.addAddress('203.0.113.66');
    const door = doorman({ allow: listed(), deny }, 100);
    const verdicts = [
      '203.0.113.7',
      '::ffff:203.0.113.7',
      '2001:db8::1',
      '203.0.114.7',
      '2001:db9::1',
      '203.0.113.66',
      '::ffff:203.0.113.66',
      'server',
      '',
    ];
    expect(verdicts.map((host) => door.admit(of_(host)))).toEqual([
      ...[undefined, undefined, undefined],
      ...['not-allowed', 'not-allowed', 'not-allowed', 'not-allowed', 'not-allowed', 'not-allowed'],
    ]);
  });

  it('asks Unix sockets for nothing but room', () => {
    const door = doorman({ allow: new BlockList(), perAddress: { maxConnections: 1 } }, 2);
    expect([1, 2, 3].map(() => door.admit({ path: '' }))).toEqual([undefined, undefined, 'connections']);
    door.leave({ path: '' });
    expect(door.admit({ path: '' })).toBeUndefined();
  });

  it('gives back what it took from an address, where there is no room in all', () => {
    const door = doorman({ perAddress: { maxConnections: 1 } }, 1);
    expect(door.admit(of_('203.0.113.1'))).toBeUndefined();
    expect(door.admit(of_('203.0.113.2'))).toBe('connections');
    door.leave(of_('203.0.113.1'));
    expect(door.admit(of_('203.0.113.2'))).toBeUndefined();
  });
});

/** Who calls, from where, and what becomes of it. */
const outcome = (net: ReturnType<typeof virtualNetwork>, host: string): Observable<string> =>
  net
    .host(host)
    .dial(server)
    .pipe(
      mergeMap(
        (wire) =>
          new Promise<string>((done) => {
            let heard = '';
            wire.bytes$.subscribe({
              next: (chunk) => (heard += Buffer.from(chunk).toString('hex')),
              complete: () => done(heard),
              error: ({ code }) => done(`${heard}${code}`),
            });
          }),
      ),
    );

describe('listen', () => {
  it('tells who is one too many, and resets who may not come in or comes too fast', async () => {
    const net = virtualNetwork({ scheduler: asapScheduler });
    const events: ServerEvent[] = [];
    const deny = new BlockList();
    deny.addAddress('203.0.113.66');
    const options: ListenOptions = {
      transport: net,
      deny,
      perAddress: { maxConnections: 1, burst: 2, acceptsPerSecond: 0.001 },
      eventObserver: { next: (event) => events.push(event) },
    };
    const listening = listenReal(server, options)
      .pipe(serve(() => NEVER))
      .subscribe();
    const stays = net
      .host('203.0.113.7')
      .dial(server)
      .subscribe((wire) => wire.bytes$.subscribe());
    const answers: string[] = [];
    await new Promise<void>((done) => {
      from(['203.0.113.7', '203.0.113.7', '203.0.113.66'])
        .pipe(concatMap((host) => outcome(net, host)))
        .subscribe({ next: (answer) => answers.push(answer), complete: done });
    });
    expect(answers).toEqual(['fe', 'reset', 'reset']);
    expect(events.flatMap((event) => (event.type === 'refused' ? [event.why] : []))).toEqual([
      'connections-of-address',
      'rate-of-address',
      'not-allowed',
    ]);
    listening.unsubscribe();
    stays.unsubscribe();
  });

  it(
    'counts those whose opening is under way, and has room again when they are gone',
    marbles(({ listen, connect, net, run, expectObservable }) => {
      const events = new Subject<ServerEvent>();
      run(listen(server, { maxConnections: 3, eventObserver: events }).pipe(serve(() => NEVER)));
      const silent = timer(1).pipe(
        mergeMap(() => from([1, 2, 3, 4])),
        mergeMap(() => net.dial(server)),
        tap((wire) => wire.bytes$.subscribe({ error: () => {} })),
      );
      run(silent);
      run(timer(7_000).pipe(mergeMap(() => connect(server))));
      const brief = events.pipe(map(({ type }) => type[0]));
      expectObservable(brief).toBe('b[aaar] 4999ms [fff] 1998ms [ao]');
    }),
  );

  it('takes the descriptors of its transport into account, unless told otherwise', () => {
    const bound: number[] = [];
    const admitted = (options: ListenOptions, maxWires?: number) => {
      let refused = 0;
      const calls = Array.from({ length: 30 }, () => wire());
      const transport: Transport = {
        listen: () => from(calls),
        dial: () => NEVER,
        ...(maxWires !== undefined && { maxWires }),
      };
      listenReal(1, {
        transport,
        eventObserver: { next: ({ type }) => type === 'refused' && refused++ },
        ...options,
      })
        .subscribe()
        .unsubscribe();
      bound.push(30 - refused);
    };
    admitted({}, 20);
    admitted({});
    admitted({ maxConnections: 25 }, 20);
    expect(bound).toEqual([20, 30, 25]);
  });

  const says = (check: () => unknown) => ({ check }) as AddressList;
  const throws = says(() => {
    throw new Error('mine');
  });
  const promises = says(() => Promise.resolve(true));
  it.each<[string, DoorOptions]>([
    ['allow answers with a promise', { allow: promises }],
    ['deny answers with a promise', { deny: promises }],
    ['perAddress.exempt answers with a promise', { perAddress: { exempt: promises } }],
    ['allow throws', { allow: throws }],
    ['deny throws', { deny: throws }],
    ['perAddress.exempt throws', { perAddress: { exempt: throws } }],
  ])('lets nobody in where %s, says so, and listens on', (_, lists) => {
    const events: string[] = [];
    let destroyed = 0;
    const transport: Transport = {
      listen: () => from([1, 2].map(() => ({ ...wire(), destroy: () => destroyed++ }))),
      dial: () => NEVER,
    };
    const next = (event: ServerEvent) => {
      events.push(event.type === 'trouble' ? event.error.code : event.type);
    };
    listenReal(1, { transport, ...lists, eventObserver: { next } })
      .subscribe()
      .unsubscribe();
    expect(events).toEqual(['access-denied', 'refused', 'access-denied', 'refused']);
    expect(destroyed).toBe(2);
  });

  it.each<[string, ListenOptions]>([
    ['allow', { allow: ['10.0.0.0/8'] as never }],
    ['deny', { deny: {} as never }],
    ['perAddress.exempt', { perAddress: { exempt: {} as never } }],
  ])('throws where %s is no list', (name, options) => {
    expect(() => listenReal(1, options)).toThrow(name);
  });

  it.each(['maxConnections', 'acceptsPerSecond', 'burst', 'maxAddresses'])(
    'throws where perAddress.%s is no limit',
    (name) => {
      expect(() => listenReal(1, { perAddress: { [name]: 0 } })).toThrow(RangeError);
      expect(() => listenReal(1, { perAddress: { [name]: '1' as never } })).toThrow(TypeError);
    },
  );
});

/** A wire that never says anything. */
const wire = () => ({
  local: { host: '127.0.0.1', port: 1 },
  remote: { host: '127.0.0.1', port: 2 },
  bytes$: NEVER,
  closed$: NEVER,
  write: () => false,
  end() {},
  pause() {},
  resume() {},
  destroy() {},
});
