import { consume, lines, serve } from 'rx-tinyproto';
import {
  bandwidth,
  calm,
  failDials,
  failListeners,
  fragment,
  halfClose,
  latency,
  type MarbleHelpers,
  marbles,
  partition,
  release,
  repair,
  reset,
  rule,
  shred,
  stall,
} from 'rx-tinyproto/testing';
import { mergeMap } from 'rxjs';
import { describe, it } from 'vitest';

const framing = lines();

const echo = ({ listen, run }: MarbleHelpers) =>
  run(
    listen('server:1', { framing }).pipe(
      serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
    ),
  );

/** A raw peer that says `a`, `b` and `c` to an echo server at 0, 4 and 8 ms, under faults. */
const heard = (
  expected: string,
  diagram: string,
  faults: Parameters<MarbleHelpers['faults']>[1],
  chunks = false,
) =>
  marbles((helpers) => {
    echo(helpers);
    helpers.faults(diagram, faults);
    const peer = helpers.peer('server:1').sends("-'a\n'--'b\n'---'c\n'---|");
    helpers.expectBytes(peer, { chunks }).toBe(expected);
  });

describe('a fault', () => {
  it('nothing: what is said comes back at once', heard("-'a\n'--'b\n'---'c\n'---|", '', {}));

  it(
    'latency makes everything so much later',
    heard("----- 'a\n'--'b\n'---'c\n'---|", '-l', { l: latency(2) }),
  );

  it(
    'latency on one way only, and until it is calm',
    heard("---'a\n''b\n'---'c\n'---|", '-l-c', { l: latency(2, { to: 'server:1' }), c: calm() }),
  );

  it(
    'bandwidth lets so many bytes through in a second',
    heard("-----'a\n'--'b\n'---['c\n'|]", '-w', { w: bandwidth(1_000) }),
  );

  it('fragment cuts chunks', heard("-['a''\n']--['b''\n']---['c''\n']---|", '-f', { f: fragment(1) }, true));

  it(
    'shred cuts chunks at random, alike for the same seed',
    heard("-'a\n'--['b''\n']---['c''\n']---|", '-s', { s: shred(5) }, true),
  );

  it(
    'partition holds everything up, in order, until it is repaired',
    heard("-'a\n'--------['b\nc\n']-|", '--p 7ms r', { p: partition(), r: repair() }),
  );

  it(
    'partition may be one way only',
    heard("-'a\n'-- 6ms ['b\nc\n']-|", '--p 7ms r', { p: partition({ from: 'server:1' }), r: repair() }),
  );

  it(
    'stall holds bytes until the release',
    heard("-'a\n'--------['b\nc\n']-|", '--p 7ms r', { p: stall({ to: 'server:1' }), r: release() }),
  );

  it('reset is RST on both ends', heard("-'a\n'-#", '---r', { r: reset() }));

  it(
    'half-close is FIN to the receiver, who goes on',
    heard("-'a\n'-|", '---h', { h: halfClose({ from: 'server:1' }) }),
  );

  it(
    'a rule judges whatever passes',
    heard("-'a\n'------'b\nc\n'---|", '--r', {
      r: rule('slow b', ({ bytes }) => (bytes[0] === 0x62 ? { delayMs: 2 } : undefined)),
    }),
  );

  it(
    'lets dials fail',
    marbles(({ connect, accepts, faults, expectObservable }) => {
      accepts('server:1');
      faults('f---c', { f: failDials('host-unreachable'), c: calm() });
      const dial = () => connect('server:1', { framing }).pipe(mergeMap((conn) => conn.messages$));
      expectObservable(dial(), '-^').toBe('-#', undefined, { code: 'host-unreachable' });
      expectObservable(dial(), '-----^--!').toBe('-');
    }),
  );

  it(
    'lets listeners fail',
    marbles(({ listen, faults, expectObservable }) => {
      faults('---f', { f: failListeners('out-of-resources', 'server:1') });
      expectObservable(listen('server:1')).toBe('---#', undefined, { code: 'out-of-resources' });
      expectObservable(listen('server:2')).toBe('');
    }),
  );

  it(
    'partition holds dials, too',
    marbles(({ connect, accepts, faults, expectObservable }) => {
      accepts('server:1').sends("-------'a\n'");
      faults('p---r', { p: partition(), r: repair() });
      expectObservable(
        connect('server:1', { framing }).pipe(mergeMap((conn) => conn.messages$)),
        '-^ 10ms !',
      ).toBe('-------a', {
        a: new Uint8Array([0x61]),
      });
    }),
  );

  it(
    'is at work between named hosts',
    marbles((helpers) => {
      echo(helpers);
      helpers.faults('l', { l: latency(3, { from: 'alice' }) });
      helpers
        .expectBytes(helpers.peer('server:1', { from: 'alice' }).sends("-'a\n'--|"))
        .toBe("------'a\n'|");
      helpers.expectBytes(helpers.peer('server:1', { from: 'bob' }).sends("-'a\n'--|")).toBe("-'a\n'--|");
    }),
  );
});
