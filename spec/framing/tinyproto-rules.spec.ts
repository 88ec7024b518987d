import { describe, expect, it } from 'vitest';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { type Rules, rulesOf } from '../../src/framing/tinyproto-options.js';

const full: Rules = {
  half: false,
  maxMessageBytes: 8_388_608,
  earlyBytes: 65_536,
  window: 1,
  slots: 1,
  extraSlots: 8,
  maxUnconsumedMessages: 1_024,
  maxUnconsumedBytes: 16_777_216,
  openingTimeoutMs: 5_000,
  headerTimeoutMs: 5_000,
  payloadTimeoutMs: 10_000,
  payloadFloorBytesPerSecond: 16_384,
  okTimeoutMs: Infinity,
  mutualHoldTimeoutMs: 30_000,
  quietMs: 100,
};

describe("tinyproto's rules", () => {
  it('are these where nobody says otherwise', () => {
    expect(rulesOf({})).toEqual(full);
    expect(rulesOf({ duplex: 'full', withhold: false })).toEqual(full);
  });

  it('are those of the Python original in half duplex: everything is granted at once', () => {
    const half = { ...full, half: true, slots: Infinity, extraSlots: 0, okTimeoutMs: 30_000 };
    expect(rulesOf({ duplex: 'half' })).toEqual(half);
    expect(rulesOf({ duplex: 'half', inboxSlots: 3 })).toEqual(half);
    expect(rulesOf({ duplex: 'half', inboxSlots: 3, withhold: true })).toEqual({ ...half, slots: 3 });
  });

  it('have as many extra slots as the window, and 8 at least', () => {
    expect([1, 8, 9, 64].map((window) => rulesOf({ window }).extraSlots)).toEqual([8, 8, 9, 64]);
    expect(rulesOf({ window: 2, extraSlots: 2 }).extraSlots).toBe(2);
  });

  it.each([
    ['window', 1, 64],
    ['inboxSlots', 1, 2 ** 53 - 1],
    ['extraSlots', 1, 2 ** 53 - 1],
    ['maxMessageBytes', 0, 0xf0ffffff],
    ['maxUnconsumedMessages', 1, 2 ** 53 - 1],
    ['maxUnconsumedBytes', 0, 2 ** 53 - 1],
  ] as const)('take whole numbers for %s, from %i to %i', (name, least, most) => {
    const rule = name === 'inboxSlots' ? 'slots' : name;
    for (const value of [least, most]) expect(rulesOf({ [name]: value })[rule]).toBe(value);
    for (const value of [least - 1, most + 1, Infinity, -Infinity])
      expect(() => tinyproto({ [name]: value })).toThrow(
        new RangeError(`${name} is from ${least} to ${most}, not ${value}`),
      );
    for (const value of [1.5, Number.NaN, '1', null, {}])
      expect(() => tinyproto({ [name]: value })).toThrow(
        new TypeError(`${name} is a whole number, not ${value}`),
      );
  });

  it.each([
    'openingTimeoutMs',
    'headerTimeoutMs',
    'payloadTimeoutMs',
    'payloadFloorBytesPerSecond',
    'okTimeoutMs',
    'mutualHoldTimeoutMs',
    'quietMs',
  ] as const)('take what is above 0 for %s, Infinity included', (name) => {
    for (const value of [0.1, 7, Infinity]) expect(rulesOf({ [name]: value })[name]).toBe(value);
    expect(() => tinyproto({ [name]: -0.1 })).toThrow(new RangeError(`${name} is above 0, not -0.1`));
    for (const value of [Number.NaN, '1', null])
      expect(() => tinyproto({ [name]: value })).toThrow(new TypeError(`${name} is a number, not ${value}`));
  });

  it('take 0 for quietMs, and for nothing else that is above 0', () => {
    expect(rulesOf({ quietMs: 0 }).quietMs).toBe(0);
    expect(() => tinyproto({ okTimeoutMs: 0 })).toThrow(new RangeError('okTimeoutMs is above 0, not 0'));
  });

  it.each<[TinyprotoOptions, Error]>([
    [{ duplex: 'both' as never }, new TypeError("duplex is 'full' or 'half', not both")],
    [{ duplex: null as never }, new TypeError("duplex is 'full' or 'half', not null")],
    [{ withhold: 'yes' as never }, new TypeError('withhold is true or false, not yes')],
    [{ duplex: 'half', window: 2 }, new RangeError('window is from 1 to 1, not 2')],
    [{ window: 9, extraSlots: 8 }, new RangeError('extraSlots is from 9 to 9007199254740991, not 8')],
  ])('say of %j what is wrong', (options, error) => {
    expect(() => tinyproto(options)).toThrow(error);
  });
});
