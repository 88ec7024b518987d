import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  AsyncSchemaError,
  type Codec,
  type Connection,
  codecs,
  consume,
  converse,
  json,
  type ProtocolError,
  SchemaError,
  serve,
  text,
} from 'rx-tinyproto';
import { compressed } from 'rx-tinyproto/node';
import { marbles } from 'rx-tinyproto/testing';
import { firstValueFrom, ignoreElements, merge, mergeMap, onErrorResumeNextWith, take, timer } from 'rxjs';
import * as v from 'valibot';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { z } from 'zod';

const server = 'server:1';

describe('text', () => {
  it('gives back every string that is well-formed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (string) => text().decode(text().encode(string)) === string),
    );
  });

  it('keeps a byte order mark, and refuses what is not UTF-8', () => {
    expect(text().decode(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61))).toBe('\ufeffa');
    for (const bytes of [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xc0, 0x80]]) {
      expect(() => text().decode(Uint8Array.from(bytes))).toThrow(TypeError);
    }
  });

  it('refuses what is no string', () => {
    expect(() => text().encode(1 as never)).toThrow(TypeError);
  });
});

describe('json', () => {
  it('gives back every JSON value', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const again = json().decode(json().encode(value));
        expect(again).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  it('refuses what JSON has no text for', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const value of [undefined, () => {}, Symbol('s'), 1n, cycle]) {
      expect(() => json().encode(value)).toThrow(TypeError);
    }
  });

  it('refuses what is no JSON', () => {
    for (const string of ['', '{', 'undefined', '{"a":1} ,', 'NaN']) {
      expect(() => json().decode(text().encode(string))).toThrow(SyntaxError);
    }
  });

  const schemas = {
    zod: z.object({ at: z.string().transform((string) => new Date(string)), n: z.number().default(1) }),
    valibot: v.object({
      at: v.pipe(
        v.string(),
        v.transform((string) => new Date(string)),
      ),
      n: v.optional(v.number(), 1),
    }),
  };

  it.each(Object.entries(schemas))(
    'gives what a schema of %s makes of a value, and says what it does not want',
    (_, schema) => {
      const codec = json(schema as typeof schemas.zod);
      expect(codec.decode(text().encode('{"at":"2020-01-01T00:00:00Z"}'))).toEqual({
        at: new Date(Date.UTC(2020, 0, 1)),
        n: 1,
      });
      expect(() => codec.decode(text().encode('{"at":1}'))).toThrow(SchemaError);
      expect(() => codec.decode(text().encode('[]'))).toThrow(SchemaError);
    },
  );

  it('is typed by the schema: its output comes, its input goes', () => {
    expectTypeOf(json(schemas.zod)).toEqualTypeOf<
      Codec<{ at: Date; n: number }, { at: string; n?: number | undefined }>
    >();
    expectTypeOf(json(schemas.valibot)).toEqualTypeOf<
      Codec<{ at: Date; n: number }, { at: string; n?: number | undefined }>
    >();
    expectTypeOf(json<{ a: 1 }>()).toEqualTypeOf<Codec<{ a: 1 }, { a: 1 }>>();
    expectTypeOf(json()).toEqualTypeOf<Codec<unknown, unknown>>();
  });
});

describe('codecs', () => {
  it('runs in order on the way out, reversed on the way in', () => {
    const note = (name: string, calls: string[]): Codec<Uint8Array> => ({
      encode: (bytes) => {
        calls.push(`encode ${name}`);
        return bytes;
      },
      decode: (bytes) => {
        calls.push(`decode ${name}`);
        return bytes;
      },
    });
    const calls: string[] = [];
    const codec = codecs(text(), note('a', calls), note('b', calls));
    expect(codec.decode(codec.encode('x'))).toBe('x');
    expect(calls).toEqual(['encode a', 'encode b', 'decode b', 'decode a']);
  });
});

describe('a schema that answers with a promise', () => {
  it('leaves no rejection behind', async () => {
    const left: unknown[] = [];
    const leave = (reason: unknown) => left.push(reason);
    process.on('unhandledRejection', leave);
    const failing = json({
      '~standard': { version: 1, vendor: 'spec', validate: () => Promise.reject(new Error('oops')) },
    });
    expect(() => failing.decode(text().encode('1'))).toThrow(AsyncSchemaError);
    await firstValueFrom(timer(0));
    process.off('unhandledRejection', leave);
    expect(left).toEqual([]);
  });
});

describe('compressed', () => {
  const formats = ['deflate', 'deflate-raw', 'gzip', 'brotli'] as const;
  /** Made quickly rather than small. */
  const level = 1;
  const bombs = {
    deflate: (bytes: Uint8Array) => deflateSync(bytes, { level }),
    'deflate-raw': (bytes: Uint8Array) => deflateRawSync(bytes, { level }),
    gzip: (bytes: Uint8Array) => gzipSync(bytes, { level }),
    brotli: (bytes: Uint8Array) =>
      brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: level } }),
  };

  it.each(formats)('gives back any bytes: %s', (format) => {
    const codec = compressed({ format });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 10_000 }), (bytes) => {
        expect(codec.decode(codec.encode(bytes))).toEqual(bytes);
      }),
      { numRuns: 30 },
    );
  });

  it.each(formats)('stops inflating at its bound: %s', (format) => {
    const bomb = bombs[format](new Uint8Array(64 * 1_024 * 1_024));
    const before = process.memoryUsage().arrayBuffers;
    expect(() => compressed({ format, maxInflatedBytes: 1_000_000 }).decode(bomb)).toThrow(RangeError);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * 1_024 * 1_024);
    expect(
      compressed({ format, maxInflatedBytes: 1_000 }).decode(
        compressed({ format }).encode(new Uint8Array(1_000)),
      ),
    ).toHaveLength(1_000);
  });

  it.each(formats)('refuses what is cut short, or no such format: %s', (format) => {
    const codec = compressed({ format });
    const whole = codec.encode(text().encode('a message that is long enough to be cut somewhere'));
    expect(() => codec.decode(whole.subarray(0, whole.length - 5))).toThrow();
    expect(() => codec.decode(Uint8Array.of(1, 2, 3, 4))).toThrow();
  });

  it.each(formats)('refuses what goes on behind the end: %s', (format) => {
    const codec = compressed({ format });
    const whole = codec.encode(text().encode('hello'));
    expect(() => codec.decode(Uint8Array.of(...whole, 0))).toThrow(RangeError);
    expect(() => codec.decode(Uint8Array.of(...whole, 7))).toThrow();
  });

  it.each([2 ** 53, Number.POSITIVE_INFINITY])('has no bound but that of Buffers with one of %d', (bound) => {
    const codec = compressed({ maxInflatedBytes: bound });
    expect(codec.decode(codec.encode(new Uint8Array(3)))).toEqual(new Uint8Array(3));
  });

  it('reads what others compress', () => {
    expect(compressed({ format: 'gzip' }).decode(gzipSync('hello'))).toEqual(text().encode('hello'));
  });

  it('refuses options that cannot be meant', () => {
    expect(() => compressed({ format: 'zip' as never })).toThrow(TypeError);
    expect(() => compressed({ maxInflatedBytes: 0 })).toThrow(RangeError);
    expect(() => compressed({ maxInflatedBytes: 0.5 })).toThrow(RangeError);
  });
});

describe('a connection with a codec', () => {
  const talk = json(z.object({ n: z.number() }));

  it(
    'carries values both ways, typed',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(
        listen(server, { codec: talk }).pipe(
          serve((conn) => {
            expectTypeOf(conn).toEqualTypeOf<Connection<{ n: number }, { n: number }>>();
            return conn.messages$.pipe(consume(({ n }) => conn.send({ n: n + 1 })));
          }),
        ),
      );
      const answer$ = connect(server, { codec: codecs(talk) }).pipe(
        converse((conn) => merge(conn.send({ n: 1 }).pipe(ignoreElements()), conn.messages$.pipe(take(1)))),
      );
      expectObservable(answer$).toBe('(a|)', { a: { n: 2 } });
    }),
  );

  it(
    'ends behind what came before a message that does not decode, with its bytes at hand',
    marbles(({ listen, connect, run, expectObservable }) => {
      const got$ = listen(server, { codec: talk }).pipe(mergeMap((conn) => conn.messages$));
      expectObservable(got$).toBe(
        '(a#)',
        { a: { n: 1 } },
        {
          kind: 'protocol',
          code: 'not-decodable',
          bytes: text().encode('{"n":"2"}'),
          cause: { name: 'SchemaError' },
        },
      );
      run(
        connect(server, { codec: text() }).pipe(
          converse((conn) => conn.sendAll(['{"n":1}', '{"n":"2"}', '{"n":3}'])),
          onErrorResumeNextWith(),
        ),
      );
    }),
  );

  it(
    'goes on past a message that does not decode, if told so',
    marbles(({ listen, connect, run, flush, expectObservable }) => {
      const left: ProtocolError[] = [];
      const got$ = listen(server, { codec: talk, onUndecodable: (error) => left.push(error) }).pipe(
        serve((conn) => conn.messages$),
      );
      expectObservable(got$, '9ms !').toBe('(ab)', { a: { n: 1 }, b: { n: 3 } });
      run(
        connect(server, { codec: text() }).pipe(
          converse((conn) => conn.sendAll(['{"n":1}', '{', '', '{"n":3}'])),
        ),
      );
      flush();
      expect(left.map(({ bytes }) => bytes)).toEqual([text().encode('{'), text().encode('')]);
    }),
  );

  it.each([
    ['a promise', Promise.resolve(new Uint8Array(2))],
    ['an ArrayBuffer', new ArrayBuffer(2)],
    ['a string', 'ab'],
    ['16 bits each', Uint16Array.of(1, 2)],
    ['nothing', undefined],
  ])('sends nothing where it gives %s in place of bytes', (_, given) =>
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen(server).pipe(serve((conn) => conn.messages$)));
      const odd: Codec<unknown> = { decode: (bytes) => bytes, encode: () => given as unknown as Uint8Array };
      const sent$ = connect(server, { codec: odd }).pipe(converse((conn) => conn.send('x')));
      const cause = { name: 'TypeError' };
      expectObservable(sent$).toBe('#', undefined, { code: 'not-encodable', fate: 'not-sent', cause });
    })(),
  );

  it(
    'ends with an AsyncSchemaError when a schema answers with a promise',
    marbles(
      ({ listen, connect, run, expectObservable }) => {
        const slow = json({
          '~standard': { version: 1, vendor: 'spec', validate: async (value: unknown) => ({ value }) },
        });
        const got$ = listen(server, { codec: slow, onUndecodable: () => {} }).pipe(
          mergeMap((conn) => conn.messages$),
        );
        expectObservable(got$).toBe('#', undefined, { name: 'AsyncSchemaError', code: 'async-schema' });
        run(
          connect(server, { codec: json() }).pipe(
            converse((conn) => conn.send('x')),
            onErrorResumeNextWith(),
          ),
        );
      },
      { allow: ['platform-timers'] },
    ),
  );
});
