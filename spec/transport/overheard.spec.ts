import { record } from 'rx-tinyproto/testing';
import { type Transport, type Wire, WireError, wiretap } from 'rx-tinyproto/transport';
import { NEVER, type Observable, of, Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';

/** Every transport that stands around another, and whose wires do. */
const around: Readonly<Record<string, (transport: Transport) => Transport>> = {
  wiretap: (transport) => wiretap(transport, { next() {} }),
  record: (transport) => record().transport(transport),
};

type Call = readonly [name: string, ...asked: unknown[]];

/** A wire with all that a wire may have, and the calls that have reached it. Whoever gives `Wire` a member must give it here as well. */
function wholeWire(name: string, handshake$: Observable<Wire> = NEVER) {
  const calls: Call[] = [];
  const bytes$ = new Subject<Uint8Array>();
  const noted =
    (call: string) =>
    (...asked: unknown[]) =>
      void calls.push([call, ...asked]);
  const wire: Required<Wire> = {
    local: { host: name, port: 1 },
    remote: { host: 'there', port: 2 },
    keepsChunks: true,
    halfClose: false,
    upgrade: { url: '/', headers: {}, protocol: '' },
    security: { peer: name } as never,
    handshake$,
    bytes$,
    write: (...asked) => {
      calls.push(['write', ...asked]);
      return true;
    },
    pause: noted('pause'),
    resume: noted('resume'),
    end: noted('end'),
    destroy: noted('destroy'),
    closed$: of({ error: new WireError('reset', name) }),
  };
  return { wire, calls, bytes$ };
}

/** Whoever gives `Transport` a member must give it here as well. */
function wholeTransport(wire: Wire) {
  const calls: Call[] = [];
  const transport: Required<Transport> = {
    canSecure: true,
    maxWires: 7,
    listen: (...asked) => {
      calls.push(['listen', ...asked]);
      return of(wire);
    },
    dial: (...asked) => {
      calls.push(['dial', ...asked]);
      return of(wire);
    },
  };
  return { transport, calls };
}

const heard = <T>(source: Observable<T>): T[] => {
  const all: T[] = [];
  source.subscribe({ next: (each) => all.push(each), error() {} });
  return all;
};

/** Calls each function, with more than anybody asks today; looks at the rest. */
function expectSame(given: Wire, { wire, calls, bytes$ }: ReturnType<typeof wholeWire>): void {
  const done = () => {};
  const chunk = Uint8Array.of(1, 2, 3);
  const asked = [chunk, done, true, 'and more'];
  expect(Object.keys(given).sort()).toEqual(Object.keys(wire).sort());
  for (const name of Object.keys(wire) as (keyof Wire)[]) {
    const [member, original] = [given[name], wire[name]] as unknown[];
    if (typeof member === 'function') expect(member(...asked)).toBe(name === 'write' ? true : undefined);
    else if (name === 'bytes$') {
      const came = heard(given.bytes$);
      bytes$.next(chunk);
      expect(came).toEqual([chunk]);
    } else if (name === 'closed$') expect(heard(given.closed$)).toEqual(heard(wire.closed$));
    else if (name !== 'handshake$') expect([name, member]).toEqual([name, original]);
  }
  expect(calls.map(([name]) => name).sort()).toEqual(['destroy', 'end', 'pause', 'resume', 'write']);
  expect(calls.find(([name]) => name === 'write')).toEqual(['write', chunk, done, true, 'and more']);
}

describe.each(Object.entries(around))('the wires of %s', (_, over) => {
  it.each(['listen', 'dial'] as const)('have all that those of the transport within have: %s', (how) => {
    const ready = wholeWire('ready');
    const first = wholeWire('first', of(ready.wire));
    const [given] = heard(over(wholeTransport(first.wire).transport)[how]('there:2')) as [Wire];
    expectSame(given, first);
    const [secured] = heard(given.handshake$ ?? NEVER) as [Wire];
    expectSame(secured, ready);
  });

  it('say nothing of what those within say nothing of', () => {
    const { wire } = wholeWire('plain');
    const { keepsChunks, halfClose, security, upgrade, handshake$, ...plain } = wire;
    const [given] = heard(over(wholeTransport(plain).transport).dial('there:2')) as [Wire];
    expect(given).toMatchObject({ local: wire.local, write: expect.any(Function) });
    const { security: noSecurity, upgrade: noUpgrade } = given;
    expect([given.keepsChunks, given.halfClose, noSecurity, noUpgrade, given.handshake$]).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('come from a transport that has all that the one within has', () => {
    const { transport, calls } = wholeTransport(wholeWire('any').wire);
    const given = over(transport);
    expect(Object.keys(given).sort()).toEqual(Object.keys(transport).sort());
    expect([given.canSecure, given.maxWires]).toEqual([true, 7]);
    heard(given.listen('here:1', { tls: true }));
    heard(given.dial('there:2', { tls: true }));
    expect(calls).toEqual([
      ['listen', 'here:1', { tls: true }],
      ['dial', 'there:2', { tls: true }],
    ]);
  });
});
