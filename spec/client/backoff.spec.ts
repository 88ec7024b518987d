import { backoff, failover, isPermanent, ProtocolError, SendError, WireError } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';

const delays = (count: number, options: Parameters<typeof backoff>[0]) =>
  Array.from({ length: count }, (_, index) => backoff(options)(index + 1));

describe('backoff', () => {
  it('doubles the longest wait from 250 ms up to 30 s', () => {
    expect(delays(10, { random: () => 1 })).toEqual([
      250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
  });

  it('makes all of the wait random', () => {
    expect(delays(3, { random: () => 0 })).toEqual([0, 0, 0]);
    expect(delays(3, { random: () => 0.5, minDelayMs: 10 })).toEqual([5, 10, 20]);
  });

  it('stays at the cap however many attempts there were', () => {
    expect(backoff({ random: () => 1 })(100_000)).toBe(30_000);
  });

  it('is a number also where waits have no cap', () => {
    const ever = Number.POSITIVE_INFINITY;
    expect(backoff({ random: () => 0, minDelayMs: ever, maxDelayMs: ever })(1)).toBe(0);
    expect(backoff({ random: () => 0.5, maxDelayMs: ever })(2_000)).toBeGreaterThan(1e300);
  });

  it('spreads a thousand clients evenly', () => {
    const waits = Array.from({ length: 1_000 }, () => backoff()(3));
    const early = waits.filter((ms) => ms < 500).length;
    expect(waits.every((ms) => ms >= 0 && ms < 1_000)).toBe(true);
    expect(early).toBeGreaterThan(400);
    expect(early).toBeLessThan(600);
  });

  it('refuses limits that are not above 0, or crossed', () => {
    expect(() => backoff({ minDelayMs: 0 })).toThrow(RangeError);
    expect(() => backoff({ maxDelayMs: Number.NaN })).toThrow(RangeError);
    expect(() => backoff({ minDelayMs: 31_000 })).toThrow(RangeError);
  });
});

describe('isPermanent', () => {
  it.each(['bad-opening', 'malformed', 'message-too-large', 'not-decodable'] as const)(
    'is true of %s',
    (code) => {
      expect(isPermanent(new ProtocolError(code, ''))).toBe(true);
    },
  );

  it.each([
    'connection-limit',
    'opening-refused',
    'conflict',
    'opening-timeout',
    'cut-short',
    'ok-timeout',
  ] as const)('is false of %s', (code) => {
    expect(isPermanent(new ProtocolError(code, ''))).toBe(false);
  });

  it.each(['connection-refused', 'name-not-found', 'reset', 'connect-timeout', 'out-of-resources'] as const)(
    'is false of %s',
    (code) => {
      expect(isPermanent(new WireError(code, ''))).toBe(false);
    },
  );

  it('is true of access-denied, and of every mistake in a program', () => {
    expect(isPermanent(new WireError('access-denied', ''))).toBe(true);
    expect(isPermanent(new TypeError())).toBe(true);
    expect(isPermanent(new SendError('queue-full', '', { fate: 'not-sent' }))).toBe(true);
    expect(isPermanent('oops')).toBe(true);
  });
});

describe('failover', () => {
  it(
    'tries the next source when one has failed, and is the first that comes up',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [a, b, c] = [cold('--#'), cold('---b--|'), cold('c')];
      expectObservable(failover(a, b, c)).toBe('-----b--|');
      expectSubscriptions(a.subscriptions).toBe('^-!');
      expectSubscriptions(b.subscriptions).toBe('--^-----!');
      expectSubscriptions(c.subscriptions).toBe([]);
    }),
  );

  it(
    'passes the error of the one that came up on',
    marbles(({ cold, expectObservable }) => {
      expectObservable(failover(cold('a-#'), cold('b'))).toBe('a-#');
    }),
  );

  it(
    'errors with one that may pass, if there was one',
    marbles(({ cold, expectObservable }) => {
      const [passing, permanent] = [
        new WireError('connection-refused', ''),
        new ProtocolError('bad-opening', ''),
      ];
      const [refused$, foreign$] = [cold<never>('-#', {}, passing), cold<never>('-#', {}, permanent)];
      expectObservable(failover(refused$, foreign$)).toBe('--#', {}, passing);
      expectObservable(failover(foreign$, refused$)).toBe('--#', {}, passing);
      expectObservable(failover(foreign$, foreign$)).toBe('--#', {}, permanent);
    }),
  );

  it(
    'begins with the first each time, and leaves the one at hand',
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [a, b] = [cold('-#'), cold('----')];
      const either$ = failover(a, b);
      expectObservable(either$, '---!').toBe('-');
      expectObservable(either$, '-----^--!').toBe('-');
      expectSubscriptions(a.subscriptions).toBe(['^!', '-----^!']);
      expectSubscriptions(b.subscriptions).toBe(['-^-!', '------^-!']);
    }),
  );

  it('needs a source', () => {
    expect(() => failover()).toThrow(RangeError);
  });
});
