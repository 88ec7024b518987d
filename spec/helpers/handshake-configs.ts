import type { Configuration } from './handshake-explore.js';
import type { Setup } from './handshake-peer.js';

const PLAIN: Setup = {
  window: 1,
  slots: 1,
  extraSlots: 1,
  sends: '',
  endless: false,
  replies: 0,
  reply: 's',
  consumes: true,
  closes: false,
  streams: false,
  split: false,
  half: false,
  most: 1_024,
  joins: false,
};

const end = (setup: Partial<Setup>): Setup => ({ ...PLAIN, ...setup });

type More = Partial<Omit<Configuration, 'name' | 'ends'>>;

function pair(name: string, a: Partial<Setup>, b: Partial<Setup>, more: More = {}): Configuration {
  return { name, ends: [end(a), end(b)], expect: 'live', traps: true, ...more };
}

/** The most that may be unconsumed: slots, extra slots, and what the other's window may have brought. */
function bounded(a: Partial<Setup>, b: Partial<Setup>): More {
  const [ours, peers] = [end(a), end(b)];
  return {
    bound: [ours.slots + ours.extraSlots + peers.window, peers.slots + peers.extraSlots + ours.window],
  };
}

/** Sizes, refusals, streams and closing, for a pair of windows. */
export function perWindows(windowA: number, windowB: number): Configuration[] {
  const windows = `${windowA}/${windowB}`;
  const few = windowA + windowB < 4;
  const both = (name: string, a: Partial<Setup>, b: Partial<Setup>, more: More = {}): Configuration => {
    const ends = [
      { window: windowA, ...a },
      { window: windowB, ...b },
    ] as const;
    return pair(`${windows} ${name}`, ...ends, { ...bounded(...ends), ...more });
  };
  const cut = { split: true };
  const endless = { sends: 's', endless: true };
  const requests = { sends: 'r', endless: true };
  return [
    both('both send', { ...cut, sends: few ? 'sss' : 'ss' }, { ...cut, sends: few ? 'sss' : 'ss' }),
    both('large, empty and small both ways', { ...cut, sends: few ? 'L0s' : 'L0' }, { ...cut, sends: '0L' }),
    both('too large among small, both ways', { ...cut, sends: few ? 'sXs' : 'sX' }, { ...cut, sends: 'Xs' }),
    both('small but too large ends', { ...cut, sends: 'sxs' }, { ...cut, sends: 's' }),
    both('too large behind a withheld OK, and the peer sends', { sends: 'ssX' }, { sends: 'ss' }),
    both('endless requests against an echo', requests, { replies: 1 }),
    both('endless requests against two answers each', requests, { replies: 2 }),
    both('endless both ways', endless, endless, { exact: true }),
    both('endless both ways, one never consumes', { ...endless, consumes: false }, endless, { traps: false }),
    both(
      'endless both ways, nobody consumes',
      { ...endless, consumes: false },
      { ...endless, consumes: false },
      STALLS,
    ),
    both(
      'one closes while both send',
      { sends: 'ss', closes: true, split: few },
      { sends: 'ss', split: few },
    ),
    both('both close', { sends: 'ss', closes: true, split: few }, { sends: 's', closes: true, split: few }),
    both('one closes, the other echoes', { sends: 'rrL', closes: true }, { replies: 1 }),
    both('both close, refused and empty', { sends: 'X0', closes: true }, { sends: '0L', closes: true }),
    both(
      'chunks hold whatever has come',
      { ...cut, joins: true, sends: 'rL' },
      { ...cut, joins: true, sends: '0X', replies: 1 },
    ),
  ];
}

const STALLS = { expect: 'stall', traps: false } as const;

/** Closing without any extra credit, where everything is as tight as it can be. */
export function closings(): Configuration[] {
  const cases = [
    ['ss', 'ss', false, 0],
    ['sL0', 'sL', true, 0],
    ['rr', 's', false, 1],
    ['sX', 'Xs', true, 0],
    ['rrs', '', true, 2],
  ] as const;
  const windows = [
    [1, 1],
    [2, 1],
    [2, 2],
    [3, 2],
  ] as const;
  return windows.flatMap(([a, b]) =>
    cases.map(([ours, peers, closes, replies]) =>
      pair(
        `${a}/${b} no extra slot, ${closes ? 'both close' : 'one closes'}, ${ours} against ${peers}, ${replies} replies`,
        { window: a, sends: ours, closes: true, extraSlots: 0 },
        { window: b, sends: peers, closes, extraSlots: 0, replies },
      ),
    ),
  );
}

/** What circulates, against the room for it. */
export function perExtraSlots(extraSlots: number): Configuration[] {
  const name = (what: string) => `${extraSlots} extra: ${what}`;
  const both = (what: string, a: Partial<Setup>, b: Partial<Setup>, more: More = {}): Configuration => {
    const ends = [
      { extraSlots, ...a },
      { extraSlots, ...b },
    ] as const;
    return pair(name(what), ...ends, { ...bounded(...ends), ...more });
  };
  // 2n messages go round for ever. They stick exactly when they can fill both inboxes.
  const rounds = [1, 2, 3].map((seeds) => {
    const echo = { sends: 'r'.repeat(seeds), replies: 1, reply: 'r' } as const;
    return both(`echo against echo, ${seeds} each`, echo, echo, {
      traps: false,
      expect: seeds >= 1 + extraSlots ? 'stall' : 'live',
    });
  });
  const storm = { replies: 2, reply: 'r' } as const;
  return [
    ...rounds,
    both('a storm of answers to answers', { ...storm, sends: 'r' }, storm, STALLS),
    both('endless requests against three answers each', { sends: 'r', endless: true }, { replies: 3 }),
    ...[
      [1, 1],
      [2, 1],
      [2, 2],
    ].flatMap(([a, b]) => requestsBothWays(extraSlots, a as number, b as number)),
  ];
}

function requestsBothWays(extraSlots: number, a: number, b: number): Configuration[] {
  const both = (
    what: string,
    ours: Partial<Setup>,
    peers: Partial<Setup>,
    more: More = {},
  ): Configuration => {
    const ends = [
      { extraSlots, window: a, ...ours },
      { extraSlots, window: b, ...peers },
    ] as const;
    return pair(`${extraSlots} extra, ${a}/${b}: ${what}`, ...ends, { ...bounded(...ends), ...more });
  };
  const rpc = { sends: 'r', endless: true, replies: 1 };
  const gated = { ...rpc, streams: true };
  const enough = extraSlots >= Math.min(a, b);
  return [
    // Why streams give way: without it, these stick at any number of extra slots; the smallest shows it fastest.
    ...(extraSlots < 2 ? [both('requests both ways, streams push on', rpc, rpc, STALLS)] : []),
    both('requests both ways, streams give way', gated, gated, enough ? {} : STALLS),
    both(
      'requests one way, the answering side streams',
      { sends: 'r', endless: true },
      { sends: 's', endless: true, replies: 1 },
      { exact: true },
    ),
    both(
      'too large behind withheld OKs, answers small and large',
      { sends: 'rsX' },
      { sends: 'sLs', replies: 1 },
    ),
  ];
}

/** More than one slot, and ends that differ. */
export function slots(windowA: number, windowB: number): Configuration[] {
  const gated = { sends: 'r', endless: true, replies: 1, streams: true, slots: 2, extraSlots: 3 };
  const alike = [
    { ...gated, window: windowA },
    { ...gated, window: windowB },
  ] as const;
  const differing = [
    { window: windowA, slots: 2, extraSlots: 1, sends: 's', endless: true, replies: 2 },
    { window: windowB, slots: 1, extraSlots: 3, sends: 'r', endless: true },
  ] as const;
  return [
    pair(`${windowA}/${windowB} two slots, requests both ways`, ...alike, bounded(...alike)),
    pair(`${windowA}/${windowB} two slots against one`, ...differing, bounded(...differing)),
  ];
}

/**
 * Both sides stream requests and answer each with several messages. How many extra slots that takes: one for each answer to a window of requests, and
 * one for each answer but the first to what the other slots hold. One less sticks.
 */
export function severalReplies(
  cases: readonly (readonly [replies: number, window: number, slots: number])[],
): Configuration[] {
  return cases.flatMap(([replies, window, slots]) => {
    const enough = replies * window + (replies - 1) * (slots - 1);
    return [enough, enough - 1].map((extraSlots) => {
      const side = { sends: 'r', endless: true, streams: true, replies, window, slots, extraSlots };
      const expect = extraSlots < enough ? 'stall' : 'live';
      const name = `${replies} answers to each of ${window}, ${slots} slots and ${extraSlots} extra`;
      return pair(name, side, side, { ...bounded(side, side), expect, traps: extraSlots === enough });
    });
  });
}

/** Two ends in half duplex: nothing is ever misread, and what crosses is found. */
export function halves(): Configuration[] {
  const half = { half: true, split: true };
  const one = (name: string, a: Partial<Setup>, b: Partial<Setup>, more: More = {}) =>
    pair(`half: ${name}`, { ...half, ...a }, { ...half, ...b }, more);
  const crossing = { expect: 'collision', traps: false } as const;
  return [
    one('one sends', { sends: 'sL0r' }, {}),
    one('requests, each sent when the last was answered', { sends: 'r' }, { replies: 1 }),
    one('a refusal', { sends: 'sXs' }, {}),
    one('one sends and closes', { sends: 'sL0', closes: true }, {}),
    one('both send', { sends: 'sL0' }, { sends: 's0X' }, crossing),
    one('both send, both close', { sends: 'sL', closes: true }, { sends: '0', closes: true }, crossing),
    one('an echo', { sends: 'rrr' }, { replies: 1 }, crossing),
  ];
}

const WINDOWS = [
  [1, 1],
  [2, 1],
  [1, 2],
  [2, 2],
  [3, 2],
] as const;

export function allConfigurations(): Configuration[] {
  return [
    ...WINDOWS.flatMap(([a, b]) => perWindows(a, b)),
    ...closings(),
    ...[0, 1, 2, 3].flatMap((extraSlots) => perExtraSlots(extraSlots)),
    ...[slots(1, 1), slots(3, 1)].flat(),
    ...severalReplies([
      [1, 1, 1],
      [2, 1, 1],
      [2, 1, 2],
      [2, 2, 1],
    ]),
    ...halves(),
  ];
}

const MORE_REPLIES = [
  [2, 1, 3],
  [3, 1, 2],
  [4, 1, 2],
  [1, 3, 2],
  [3, 2, 1],
  [2, 2, 2],
] as const;

/** The same, where every header may be cut and every chunk may be joined, and larger windows, more credit, more messages. */
export function deepConfigurations(): Configuration[] {
  return [
    ...allConfigurations().map(cutAnywhere),
    ...[perWindows(3, 3), perWindows(4, 1), perWindows(4, 4)].flat(),
    ...[perExtraSlots(4), perExtraSlots(5)].flat(),
    ...[slots(2, 2), slots(3, 2), slots(3, 3)].flat(),
    ...severalReplies(MORE_REPLIES),
  ];
}

function cutAnywhere(config: Configuration): Configuration {
  const cut = (setup: Setup): Setup => ({ ...setup, split: true, joins: true });
  return { ...config, name: `cut: ${config.name}`, ends: [cut(config.ends[0]), cut(config.ends[1])] };
}
