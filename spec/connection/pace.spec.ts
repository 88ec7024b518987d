import {
  type BodyConnection,
  type Connection,
  type ConnectionOptions,
  consume,
  delimited,
  type Framing,
  fixedLength,
  jsonTexts,
  lengthPrefixed,
  lines,
  serve,
  varintPrefixed,
  type Wire,
  type WireError,
  wholeChunks,
} from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { from, map, merge, mergeMap, NEVER, type Observable, takeUntil, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';

const server = 'server:1';
const bytes = (text: string) => new TextEncoder().encode(text);

type Said = readonly (readonly [atMs: number, what: string | Uint8Array])[];

/** How a connection ended, and when, that hears these words of a peer, at their times. Of one that is open after an hour: nothing. */
function ending(
  options: ConnectionOptions & { bodies?: 'stream' },
  said: Said,
  handle = (conn: Connection) => conn.messages$ as Observable<unknown>,
): unknown {
  const seen: unknown[] = [];
  const test = ({ listen, net, run, flush, now }: MarbleHelpers) => {
    const handler = serve((conn: Connection) => {
      conn.closed$.subscribe(({ error }) => seen.push([(error as WireError | undefined)?.code, now()]));
      return handle(conn);
    });
    run((listen(server, options) as Observable<Connection>).pipe(handler, takeUntil(timer(3_600_000))));
    const say = (wire: Wire) =>
      from(said).pipe(
        mergeMap(([at, what]) => timer(at).pipe(map(() => (typeof what === 'string' ? bytes(what) : what)))),
        map((chunk) => wire.write(chunk, () => {})),
      );
    run(
      net.dial(server).pipe(
        tap((wire) => wire.bytes$.subscribe({ error: () => {} })),
        mergeMap(say),
      ),
    );
    flush();
  };
  marbles(test, { maxMs: 4_000_000, allow: ['undelivered', 'open-connections'] })();
  return seen[0];
}

const slowly = (text: string, everyMs: number): Said => [...text].map((letter, at) => [at * everyMs, letter]);
const inParts = (partBytes: number, count: number, everyMs: number): Said =>
  Array.from({ length: count }, (_, at) => [at * everyMs, new Uint8Array(partBytes)] as const);
const openToTheEnd = [undefined, 3_600_000];

describe('a message that has begun', () => {
  it.each<[name: string, framing: Framing, begun: string]>([
    ['lines', lines(), 'half a li'],
    ['lines, at a CR', lines(), 'a line\r'],
    ['lengthPrefixed, in the size', lengthPrefixed(), '\0\0'],
    ['lengthPrefixed, in the body', lengthPrefixed(), '\0\0\0\x05hal'],
    ['varintPrefixed', varintPrefixed(), '\x05hal'],
    ['fixedLength', fixedLength(8), 'half'],
    ['jsonTexts', jsonTexts(), '{"half":'],
  ])('is to come in its time: %s', (_, framing, begun) => {
    expect(ending({ framing }, [[100, begun]])).toEqual(['payload-timeout', 10_100]);
  });

  it('is late though a byte of it comes every now and then, and is never idle', () => {
    const options = { framing: lines(), messageTimeoutMs: 5_000 };
    expect(ending(options, slowly('a line that takes for ever, and then some more of it', 500))).toEqual([
      'payload-timeout',
      5_000,
    ]);
  });

  it('has its time from its own beginning on, behind others that were whole', () => {
    const said: Said = [
      [0, 'whole\nha'],
      [6_000, 'lf\nwho'],
      [12_000, 'le\nlate'],
    ];
    expect(ending({ framing: lines() }, said)).toEqual(['payload-timeout', 22_000]);
  });

  it('has as much again where it is large, and comes at the floor rate', () => {
    const head: Said = [[0, Uint8Array.of(0, 0x80, 0, 0)]];
    const framing = lengthPrefixed();
    const fast = [...head, ...inParts(16_500, 100, 1_000)];
    expect(ending({ framing }, fast)).toEqual(['payload-timeout', 100_000]);
    const slow = [...head, ...inParts(14_000, 100, 1_000)];
    expect(ending({ framing }, slow)).toEqual(['payload-timeout', 10_000]);
  });

  it('may take its time where we are slow, and where nobody reads', () => {
    const handle = (conn: Connection) => conn.messages$.pipe(consume(() => timer(60_000)));
    expect(ending({ framing: lines() }, [[0, 'one\nha']], handle)).toEqual(['payload-timeout', 70_000]);
    expect(ending({ framing: lines() }, [[0, 'ha']], () => NEVER)).toEqual(openToTheEnd);
  });

  it('may take for ever, where that is written', () => {
    expect(ending({ framing: lines(), messageTimeoutMs: Number.POSITIVE_INFINITY }, [[0, 'ha']])).toEqual(
      openToTheEnd,
    );
  });

  it('has no time any more in a framing that has taken its place', () => {
    const handle = (conn: Connection) =>
      merge(timer(1_000).pipe(tap(() => conn.reframe({ framing: fixedLength(2) }))), conn.messages$, NEVER);
    expect(ending({ framing: lines() }, [[0, 'one\nha']], handle)).toEqual(openToTheEnd);
  });

  it('is late in its body, where bodies are streams', () => {
    const handle = (conn: Connection) =>
      (conn as unknown as BodyConnection).messages$.pipe(consume(({ body$ }) => body$));
    const options = { framing: lengthPrefixed(), bodies: 'stream' as const };
    const head: Said = [[0, Uint8Array.of(0, 2, 0, 0)]];
    expect(ending(options, [...head, ...inParts(1_000, 50, 1_000)], handle)).toEqual([
      'payload-timeout',
      10_000,
    ]);
  });
});

describe('a connection between messages', () => {
  it.each<[name: string, framing: Framing, said: string]>([
    ['lines', lines(), 'one\ntwo\r\n'],
    ['lengthPrefixed', lengthPrefixed(), '\0\0\0\x01a'],
    ['varintPrefixed', varintPrefixed(), '\x01a'],
    ['fixedLength', fixedLength(2), 'ab'],
    ['jsonTexts', jsonTexts(), '{"a":1}'],
    ['jsonTexts, and a newline behind', jsonTexts(), '{"a":1}\r\n '],
    ['wholeChunks', wholeChunks(), 'a'],
    ['delimited', delimited(bytes('--')), 'a--'],
  ])('may be idle for as long as it likes: %s', (_, framing, said) => {
    expect(
      ending({ framing }, [
        [0, said],
        [60_000, said],
      ]),
    ).toEqual(openToTheEnd);
  });
});
