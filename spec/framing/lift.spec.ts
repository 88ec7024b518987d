import fc from 'fast-check';
import { type Connection, consume, converse, serve } from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import {
  catchError,
  concat,
  concatMap,
  concatWith,
  delay,
  EMPTY,
  endWith,
  filter,
  ignoreElements,
  map,
  merge,
  mergeMap,
  mergeWith,
  NEVER,
  type Observable,
  type OperatorFunction,
  of,
  pipe,
  Subject,
  scan,
  startWith,
  switchMap,
  take,
  takeUntil,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { ProtocolError, SendError } from '../../src/errors.js';
import { decode } from '../../src/framing/decode.js';
import { encode } from '../../src/framing/encode.js';
import { type FramingOptions, framing } from '../../src/framing/lift.js';
import { lines } from '../../src/framing/lines.js';
import { Reading } from '../../src/framing/reading.js';
import { framingContract } from '../contracts/framing.js';
import { prefixed, words } from '../contracts/framing-samples.js';
import { bytesOf, frameOf, hexOf } from '../helpers/decoded.js';
import { Bench } from '../helpers/machine-bench.js';

framingContract(
  'framing, lifted from the operators of lines',
  () => framing(decode(lines()), encode(lines())),
  {
    messages: words('hi', '', 'a\rb'),
    anyMessage: fc
      .string({ unit: fc.constantFrom('a', '\r', 'é', '\0', '\ra') })
      .map((text) => bytesOf(`${text}.`)),
    limited: prefixed((maxMessageBytes) => framing(decode(lines()), encode(lines()), { maxMessageBytes })),
    lies: { 'no ending': [bytesOf('ab'), 'cut-short'] },
    givesBack: false,
  },
);

type Operator = OperatorFunction<Uint8Array, Uint8Array>;

const same: Operator = map((bytes: Uint8Array) => bytes);
const decoding = (operator: Operator, options: FramingOptions = {}) =>
  new Bench(framing(operator, same, options));
const encoding = (operator: Operator, options: FramingOptions = {}) => framing(same, operator, options);

/** The error that a call throws. */
function thrownBy(call: () => unknown): SendError {
  try {
    call();
  } catch (error) {
    return error as SendError;
  }
  throw new Error('nothing was thrown');
}

describe('framing', () => {
  it('makes a framing of two operators, in a line', () => {
    const shout = framing(
      pipe(
        decode(lines()),
        map((line) => line.map((byte) => byte | 0x20)),
      ),
      encode(lines()),
      { name: 'shout' },
    );
    const bench = new Bench(shout);
    bench.push(bytesOf('HEL'));
    expect(bench.read()).toBeUndefined();
    bench.push(bytesOf('LO\n'));
    expect(bench.read()).toBe(hexOf(bytesOf('hello')));
    expect(frameOf(shout, bytesOf('hi'))).toEqual(bytesOf('hi\n'));
    expect([shout.name, shout.halfClose, shout.maxMessageBytes]).toEqual(['shout', true, 8 * 1024 * 1024]);
  });

  it('throws a TypeError for what is no operator', () => {
    expect(() => framing(undefined as never, same)).toThrow(TypeError);
    expect(() => framing(same, {} as never)).toThrow(TypeError);
  });

  it.each([-1, Number.NaN])('throws for a limit of %s', (bytes) => {
    expect(() => framing(same, same, { maxMessageBytes: bytes })).toThrow(/whole number|from 0/);
    expect(() => framing(same, same, { maxSilentBytes: bytes })).toThrow(/whole number|from 0/);
  });
});

describe('framing, decoding', () => {
  it('remembers for each connection by itself', () => {
    const counting = framing(
      pipe(
        scan((count: number) => count + 1, 0),
        map((count) => Uint8Array.of(count)),
      ),
      same,
    );
    const [one, other] = [new Bench(counting), new Bench(counting)];
    one.push(hex`00`);
    one.push(hex`00`);
    other.push(hex`00`);
    expect([one.drain(), other.drain()]).toEqual([['01', '02'], ['01']]);
  });

  it('gives the operator a chunk when the messages of those before are read', () => {
    const given: string[] = [];
    const bench = decoding(
      pipe(
        tap((chunk) => given.push(hexOf(chunk))),
        concatMap((chunk) => [chunk, chunk]),
      ),
    );
    bench.push(hex`01`);
    bench.push(hex`02`);
    expect(given).toEqual([]);
    expect(bench.read()).toBe('01');
    expect(bench.machine.unreadBytes).toBe(2);
    expect(bench.read()).toBe('01');
    expect(given).toEqual(['01']);
    expect(bench.machine.unreadBytes).toBe(1);
    expect(bench.drain()).toEqual(['02', '02']);
  });

  it('delivers what the operator emits before the first chunk, and behind the last', () => {
    const bench = decoding(pipe(startWith(hex`aa`), endWith(hex`bb`, hex`cc`)));
    bench.push(hex`01`);
    bench.end();
    expect(bench.drain()).toEqual(['aa', '01', 'bb', 'cc']);
    expect(bench.since()).toBe('');
  });

  it('passes on a ProtocolError of the operator, behind the messages before it', () => {
    const bench = decoding(concatWith(throwError(() => new ProtocolError('cut-short', 'half'))));
    bench.push(hex`01`);
    bench.end();
    expect(bench.read()).toBe('01');
    expect(bench.since()).toBe('');
    expect(bench.read()).toBeUndefined();
    expect(bench.since()).toBe('cut-short');
  });

  it.each<[string, Operator, string]>([
    ['throws', map(() => JSON.parse('?')), 'the decoding operator failed'],
    ['throws when it is applied', () => JSON.parse('?'), 'the decoding operator failed'],
    ['completes before its source', take(0), 'completed before its source'],
    ['emits what is no Uint8Array', map(() => 'text' as never), 'no Uint8Array'],
  ])('fails with malformed where the operator %s', (_, operator, text) => {
    const error = faultOf(operator, [hex`01`]);
    expect(error).toMatchObject({ name: 'ProtocolError', code: 'malformed' });
    expect(error?.message).toContain(text);
    expect(error?.cause).toBeInstanceOf(Error);
  });

  it('fails with malformed where the operator does not complete with its source', () => {
    const error = faultOf(mergeWith(NEVER), [hex`01`], true);
    expect(error).toMatchObject({ code: 'malformed', cause: expect.any(TypeError) });
    expect(error?.message).toContain('has not completed');
  });

  it('wakes up to say so where the operator emits later', async () => {
    const bench = decoding(delay(0));
    bench.push(hex`01`);
    expect(bench.read()).toBeUndefined();
    expect(bench.since()).toBe('');
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(bench.since()).toBe('calls');
    expect(bench.read()).toBeUndefined();
    expect(bench.since()).toBe('malformed');
  });

  it('wakes up to say so where the operator fails later', () => {
    const trigger = new Subject<never>();
    const bench = decoding(mergeWith(trigger));
    bench.push(hex`01`);
    expect(bench.read()).toBe('01');
    trigger.error(new Error('later'));
    expect(bench.since()).toBe('calls');
    expect(bench.read()).toBeUndefined();
    expect(bench.since()).toBe('malformed');
  });

  it('holds the messages of the operator to the limit', () => {
    const bench = decoding(same, { maxMessageBytes: 3 });
    bench.push(hex`01 02 03`);
    bench.push(hex`01 02 03 04`);
    expect(bench.drain()).toEqual(['010203']);
    expect(bench.since()).toBe('message-too-large');
  });

  it('gives the operator no more than maxSilentBytes without a message', () => {
    const bench = decoding(
      filter((chunk) => chunk.length === 1),
      { maxSilentBytes: 6 },
    );
    for (const chunk of [hex`01 02 03`, hex`01 02 03`, hex`07`, hex`01 02 03`, hex`01 02 03`])
      bench.push(chunk);
    expect(bench.drain()).toEqual(['07']);
    expect(bench.since()).toBe('');
    bench.push(hex`01 02`);
    expect(bench.drain()).toEqual([]);
    expect(bench.since()).toBe('message-too-large');
  });

  it('gives it 64 KiB more than the limit of a message, where nobody says otherwise', () => {
    const bench = decoding(
      filter(() => false),
      { maxMessageBytes: 10 },
    );
    bench.push(new Uint8Array(65_546));
    expect([bench.read(), bench.since()]).toEqual([undefined, '']);
    bench.push(hex`01`);
    expect([bench.read(), bench.since()]).toEqual([undefined, 'message-too-large']);
  });

  it('delivers nothing that the operator emits behind a fault, and tells of the first', () => {
    const bench = decoding(
      concatMap(() => [hex`01`, hex`02 02`, hex`03`, 'text' as never]),
      { maxMessageBytes: 1 },
    );
    bench.push(hex`00`);
    expect([bench.drain(), bench.since()]).toEqual([['01'], 'message-too-large']);
  });

  it('cannot give back what the operator has taken', () => {
    const bench = decoding(same);
    bench.push(hex`01`);
    bench.drain();
    expect(() => bench.machine.rest()).toThrow(TypeError);
  });
});

describe('framing, encoding', () => {
  it('gives the operator one message at a time, and takes all that it emits for the frame', () => {
    const { encode } = encoding(pipe(concatMap((message) => [hex`01`, message, hex`02`])));
    expect(hexOf(encode(hex`aa`).body)).toBe('01aa02');
    expect(hexOf(encode(hex`bb`).body)).toBe('01bb02');
  });

  it('remembers nothing from one message to the next', () => {
    const { encode } = encoding(map((_, index) => Uint8Array.of(index)));
    expect([encode(hex`aa`), encode(hex`aa`)].map(({ body }) => hexOf(body))).toEqual(['00', '00']);
  });

  it.each<[string, Operator]>([
    ['throws', map(() => JSON.parse('?'))],
    ['throws when it is applied', () => JSON.parse('?')],
    ['emits later', delay(0)],
    ['emits at once and completes later', mergeWith(NEVER)],
    ['emits nothing', ignoreElements()],
    ['emits no bytes', map(() => hex``)],
    ['emits what is no Uint8Array', map(() => 'text' as never)],
  ])('throws a SendError where the operator %s', (_, operator) => {
    const error = thrownBy(() => encoding(operator).encode(hex`01`));
    expect(error).toBeInstanceOf(SendError);
    expect(error).toMatchObject({ code: 'not-encodable', fate: 'not-sent' });
  });

  it('throws the SendError of the operator as it is, and any other as the cause of one', () => {
    expect(thrownBy(() => encoding(encode(lines())).encode(bytesOf('a\nb'))).message).toContain('delimiter');
    const cause = new Error('why');
    expect(thrownBy(() => encoding(() => throwError(() => cause)).encode(hex`01`)).cause).toBe(cause);
  });

  it('leaves no subscription behind', () => {
    let open = 0;
    const operator: Operator = (source) => {
      open += 1;
      return source.pipe(mergeWith(NEVER), tap({ finalize: () => (open -= 1) }));
    };
    thrownBy(() => encoding(operator).encode(hex`01`));
    expect(open).toBe(0);
  });

  it('takes no message above the limit, and does not ask the operator', () => {
    const { encode } = encoding(() => EMPTY, { maxMessageBytes: 2 });
    expect(thrownBy(() => encode(hex`01 02 03`)).code).toBe('message-too-large');
  });
});

describe('framing, on a connection', () => {
  const heard = (listening: Observable<Connection>) =>
    listening.pipe(
      take(1),
      switchMap((conn) => conn.messages$),
    );

  it(
    'fails with malformed as soon as an operator emits later than it may',
    marbles(({ listen, peer, expectObservable }) => {
      const late = framing(delay(5), same);
      expectObservable(heard(listen('server:1', { framing: late }))).toBe(
        '-------#',
        {},
        { code: 'malformed' },
      );
      peer('server:1').sends("--'a'");
    }),
  );

  it(
    'fails as soon as an operator fails later than it may',
    marbles(({ listen, peer, expectObservable }) => {
      const failing: Operator = mergeWith(timer(5).pipe(mergeMap(() => throwError(() => new Error('late')))));
      expectObservable(heard(listen('server:1', { framing: framing(failing, same) }))).toBe(
        'a----#',
        { a: bytesOf('a') },
        { code: 'malformed', cause: { message: 'late' } },
      );
      peer('server:1').sends("'a'");
    }),
  );

  it(
    'fails as soon as an operator completes later than it may',
    marbles(({ listen, peer, expectObservable }) => {
      const leaving = framing(takeUntil(timer(5)), same);
      expectObservable(heard(listen('server:1', { framing: leaving }))).toBe(
        'a----#',
        { a: bytesOf('a') },
        { code: 'malformed', cause: { name: 'TypeError' } },
      );
      peer('server:1').sends("'a'");
    }),
  );

  it(
    'fails with what the operator fails with, behind the messages before',
    marbles(({ listen, peer, expectObservable }) => {
      const picky = framing(
        map((chunk) => {
          if (chunk[0] === 33) throw new ProtocolError('malformed', 'no exclamations');
          return chunk;
        }),
        same,
      );
      const values = { a: bytesOf('a'), '!': bytesOf('!') };
      expectObservable(heard(listen('server:1', { framing: picky }))).toBe('--a-#', values, {
        code: 'malformed',
      });
      peer('server:1').sends('--a-x', { a: bytesOf('a'), x: bytesOf('!') });
    }),
  );

  it(
    'fails the send that its operator fails, and lives on',
    marbles(({ listen, connect, run, expectObservable }) => {
      const inLines = framing(decode(lines()), encode(lines()));
      run(
        listen('server:1', { framing: inLines }).pipe(
          serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
        ),
      );
      const send = (conn: Connection, line: string) =>
        conn.send(bytesOf(line)).pipe(
          ignoreElements(),
          catchError((error) => of(error.code)),
        );
      const answers = connect('server:1', { framing: inLines }).pipe(
        converse((conn) =>
          merge(
            concat(send(conn, 'two\nlines'), send(conn, 'one')),
            conn.messages$.pipe(
              take(1),
              map((line) => Buffer.from(line).toString()),
            ),
          ),
        ),
      );
      expectObservable(answers).toBe('[ea|]', { e: 'not-encodable', a: 'one' });
    }),
  );
});

/** What a machine says of an operator that is given some chunks. */
function faultOf(operator: Operator, chunks: readonly Uint8Array[], end = false): ProtocolError | undefined {
  const reading = new Reading(framing(operator, same));
  for (const chunk of chunks) reading.push(chunk);
  if (end) reading.end();
  while (reading.read());
  return reading.fault?.error as ProtocolError | undefined;
}
