import { type Connection, consume, converse, failover, lines, serve, text } from 'rx-tinyproto';
import {
  bandwidth,
  chaos,
  fragment,
  framingContract,
  hex,
  latency,
  type MarbleHelpers,
  marbles,
  partition,
  record,
  virtualBus,
  virtualNetwork,
} from 'rx-tinyproto/testing';
import { asapScheduler, finalize, ignoreElements, merge, NEVER, observeOn, of, take } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import 'rx-tinyproto/testing/vitest';

const options = { framing: lines(), codec: text() };
const echoed = marbles(({ listen, connect, run, expectObservable }) => {
  run(
    listen('server:1', options).pipe(
      serve((conn: Connection<string>) => conn.messages$.pipe(consume((line) => conn.send(line)))),
    ),
  );
  const client$ = connect('server:1', options).pipe(
    converse((conn) => merge(conn.messages$.pipe(take(1)), conn.send('a').pipe(ignoreElements()))),
  );
  expectObservable(client$).toBe('(a|)');
});

/** What is refused, and what it says. */
const refused: Readonly<Record<string, readonly [(helpers: MarbleHelpers) => unknown, string]>> = {
  'a program that is returned, and not run': [
    ({ connect }) => connect('server:1').pipe(converse((conn) => conn.messages$)),
    'to which nobody subscribes: run() does',
  ],
  'two matchers of one expectation': [
    ({ cold, expectObservable }) => {
      const expected = expectObservable(cold('-a|'));
      expected.toBe('-b|');
      expected.toBe('-a|');
    },
    'a$ has its matcher',
  ],
  'an expectation when the test is over': [
    ({ run, expectObservable }) => run(NEVER.pipe(finalize(() => expectObservable(of('a')).toBe('')))),
    'when the test is over',
  ],
  'a text that does not end': [({ cold }) => cold("-'ab|"), 'Bytes and texts end'],
  'bytes that do not end': [({ peer }) => peer('server:1').sends('<61 0a --|'), 'Bytes and texts end'],
  'a time without blanks': [({ cold }) => cold('a-5ms-b|'), 'a time stands between blanks'],
  'a pause that never begins': [({ peer }) => peer('server:1').pauses('---'), 'A pause begins with "^"'],
  'a pause that ends before it begins': [({ peer }) => peer('server:1').pauses('!-^'), 'A pause begins'],
  'a fault that is not called': [
    ({ faults }) => faults('p', { p: partition as unknown as ReturnType<typeof partition> }),
    'The diagram\'s "p" is no fault',
  ],
};

describe('a marble test refuses', () => {
  for (const [name, [test, says]] of Object.entries(refused))
    it(name, () => expect(marbles((helpers) => test(helpers) as undefined)).toThrow(says));
});

describe('a marble test', () => {
  it('lets a failover stop at the first that answers', () => {
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen('server:1', options).pipe(serve((conn: Connection<string>) => conn.send('a'))));
      const either$ = failover(connect('server:1', options), connect('server:2', options));
      expectObservable(either$.pipe(converse((conn) => conn.messages$))).toBe('(a|)');
    })();
  });

  it('refuses a rule that would send into the past', () => {
    const backwards = marbles(({ net, connect, listen, run }) => {
      net.rule(() => ({ delayMs: -1 }));
      run(listen('server:1', options).pipe(serve((conn) => conn.messages$)));
      run(connect('server:1', options).pipe(converse((conn) => conn.send('a'))));
    });
    expect(backwards).toThrow('delayMs is at least 0');
  });

  it('harms none that come after it, wherever it throws', () => {
    const throws = marbles(({ run }) => {
      run(of(1).pipe(observeOn(asapScheduler)));
      throw new Error('in the middle');
    });
    expect(throws).toThrow('in the middle');
    expect(echoed).not.toThrow();
  });

  it('may return what it runs', () => {
    expect(marbles(({ run }) => run(of(1)) as unknown as undefined)).not.toThrow();
  });
});

describe('fake timers', () => {
  it('that come while a marble test runs leave again', () => {
    const real = setTimeout;
    try {
      marbles(() => void vi.useFakeTimers(), { allow: ['platform-timers'] })();
    } finally {
      vi.useRealTimers();
    }
    expect(typeof setTimeout).toBe('function');
    globalThis.setTimeout = real;
  });

  it('that are there already make no difference', () => {
    vi.useFakeTimers();
    try {
      expect(echoed).not.toThrow();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('toBeBytes', () => {
  it('is for bytes, also where they are to be others', () => {
    expect(hex`61`).not.toBeBytes('b');
    expect(() => expect('a').not.toBeBytes('b')).toThrow('expected bytes, not "a"');
    expect(() => expect(undefined).not.toBeBytes('b')).toThrow('expected bytes, not undefined');
    expect(() => expect('a').toBeBytes('a')).toThrow('expected bytes');
  });
});

describe('what differs is told apart', () => {
  const pairs: Readonly<Record<string, readonly [unknown, unknown]>> = {
    'lists of other lengths': [[1], [1, undefined]],
    'regular expressions': [/a/, /b/],
    URLs: [new URL('http://a'), new URL('http://b')],
    buffers: [new ArrayBuffer(2), new ArrayBuffer(3)],
    'what symbols name': [{ [Symbol.for('x')]: 1 }, { [Symbol.for('x')]: 2 }],
    'an error, and no bytes': [new Error('lost'), hex``],
    'an error, and an empty list': [new Error('lost'), []],
  };
  for (const [name, [one, other]] of Object.entries(pairs)) {
    const compared = (value: unknown) =>
      marbles(({ expectObservable }) => expectObservable(of(one)).toBe('(a|)', { a: value }));
    it(name, () => {
      expect(compared(other)).toThrow('a$ differs');
      expect(compared(one)).not.toThrow();
    });
  }

  it('what looks the same is', () => {
    expect(
      marbles(({ expectObservable }) =>
        expectObservable(of({ at: new URL('http://a'), of: [/a/, new ArrayBuffer(2), {}] })).toBe('(a|)', {
          a: { at: new URL('http://a'), of: [/a/, new ArrayBuffer(2), {}] },
        }),
      ),
    ).not.toThrow();
  });
});

describe('a setting that cannot be meant is refused', () => {
  const nothing = () => of(1);
  const settings: Readonly<Record<string, () => unknown>> = {
    'chaos without seeds, which could not fail': () => chaos(nothing, { seeds: 0 }),
    'chaos with no number of seeds': () => chaos(nothing, { seeds: Number.NaN }),
    'chaos with a list of none': () => chaos(nothing, { seeds: [] }),
    'chaos for no time': () => chaos(nothing, { withinMs: Number.NaN }),
    'a test of no time': () => marbles(() => {}, { maxMs: Number.NaN }),
    'a road of no latency': () => virtualNetwork({ latencyMs: Number.NaN }),
    'a road into the past': () => virtualNetwork({ latencyMs: -1 }),
    'a window of nothing': () => virtualNetwork({ windowBytes: 0 }),
    'a delay into the past': () => latency(-5),
    'a contract of one message': () =>
      framingContract(lines(), { messages: ['a'] }, { describe() {}, it() {} }),
    'a contract of the same message twice': () =>
      framingContract(lines(), { messages: ['a', 'b', 'a'] }, { describe() {}, it() {} }),
    'no bandwidth': () => bandwidth(0),
    'pieces of nothing': () => fragment(0),
    'pieces of no size': () => fragment([]),
    'a recording of nothing': () => record({ maxMarks: 0 }),
    'a bus of no latency': () => virtualBus({ latencyMs: Number.NaN }),
    'a bus that keeps less than nothing': () => virtualBus({ keeps: -1 }),
  };
  for (const [name, set] of Object.entries(settings))
    it(name, () =>
      expect(set).toThrow(/ is (a whole number|from|above|at least|one)|needs two messages or more/),
    );
});
