import { paced } from 'rx-tinyproto';
import {
  everySplit,
  fragment,
  framingContract,
  type MarbleHelpers,
  marbles,
  partition,
  repair,
} from 'rx-tinyproto/testing';
import { map, type Observable } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { answer, keyValueServer, respOptions } from '../../examples/key-value/flow.js';
import { failure, ok, type Resp, respCodec } from '../../examples/key-value/resp-codec.js';
import { respFraming } from '../../examples/key-value/resp-framing.js';
import { Store } from '../../examples/key-value/store.js';
import { lockstep } from '../../examples/lockstep.js';

// A protocol from nothing, in the order in which it grows: where a message ends, what it says, what is answered, and then the road.

const bytesOf = (text: string) => new TextEncoder().encode(text);
const get = '*2\r\n$3\r\nGET\r\n$1\r\na\r\n';

describe('1. the framing: where a value ends', () => {
  const whole = [get, '+OK\r\n', '-ERR no\r\n', ':42\r\n', '$0\r\n\r\n', '$-1\r\n', '*-1\r\n', '*0\r\n'];
  const nested = '*2\r\n*2\r\n:1\r\n$2\r\n\r\n\r\n+x\r\n';

  it('finds every value, wherever the bytes are cut', () => {
    const values = [...whole, nested];
    everySplit(bytesOf(values.join('')), respFraming()).gives(values);
  });

  framingContract(
    respFraming(),
    {
      messages: [get, ':42\r\n', '$-1\r\n'],
      lies: {
        'what is no RESP': [bytesOf('GET a\r\n'), 'malformed'],
        'CR without LF': [bytesOf('+OK\rx'), 'malformed'],
        'a size that is no number': [bytesOf('$x\r\n'), 'malformed'],
        'a text that is longer than it says': [bytesOf('$1\r\nab\r\n'), 'malformed'],
        'a text that will be too large': [bytesOf('$99999999\r\n'), 'message-too-large'],
        'an array that will be too large': [bytesOf('*65537\r\n'), 'message-too-large'],
      },
    },
    { describe, it },
  );
});

describe('2. the codec: what a value says', () => {
  const codec = respCodec();

  it.each<[Resp, string]>([
    [['GET', 'a'], get],
    [ok, '+OK\r\n'],
    [failure('no'), '-ERR no\r\n'],
    [42, ':42\r\n'],
    [null, '$-1\r\n'],
    ['zwölf\r\n', '$8\r\nzwölf\r\n\r\n'],
    [[1, ['a', null]], '*2\r\n:1\r\n*2\r\n$1\r\na\r\n$-1\r\n'],
  ])('%j is written %j, and read again', (value, bytes) => {
    expect(new TextDecoder().decode(codec.encode(value))).toBe(bytes);
    expect(codec.decode(bytesOf(bytes))).toEqual(value);
  });

  it('lets nobody end a line who is quoted in it', () => {
    expect(new TextDecoder().decode(codec.encode(failure('a\r\n+OK')))).toBe('-ERR a  +OK\r\n');
  });

  it('takes no arrays that are nested without end', () => {
    expect(() => codec.decode(bytesOf(`${'*1\r\n'.repeat(5_000)}:1\r\n`))).toThrow(RangeError);
  });
});

describe('3. the answers', () => {
  it('are those of a small Redis', () => {
    const store = new Store();
    const said: readonly [string, Resp][] = [
      ['PING', { status: 'PONG' }],
      ['ping hi', 'hi'],
      ['GET a', null],
      ['SET a 1', ok],
      ['GET a', '1'],
      ['INCR a', 2],
      ['INCR b', 1],
      ['EXISTS a b c', 2],
      ['PTTL a', -1],
      ['PTTL c', -2],
      ['DEL a b c', 2],
      ['GET a', null],
      ['SET c x', ok],
      ['INCR c', failure('that is no number')],
      ['SET c x PX -1', failure('SET takes EX and seconds, or PX and milliseconds')],
      ['GET', failure('not so many words for GET')],
      ['toString', failure('there is no command toString')],
    ];
    for (const [command, expected] of said) expect(answer(store, command.split(' '))).toEqual(expected);
    expect(answer(store, 7)).toEqual(failure('a command is an array of texts'));
  });

  it(
    'refuse a key for which there is no room, until another has had its time',
    marbles(({ cold, expectObservable }) => {
      const store = new Store(1);
      const commands = { a: ['SET', 'a', '1', 'PX', '4'], b: ['SET', 'b', '1'] };
      const answer$ = cold('ab----b|', commands).pipe(map((command) => answer(store, command)));
      expectObservable(answer$).toBe('of----o|', { o: ok, f: failure('there is no room for another key') });
    }),
  );
});

describe('4. the server, and peers that know no protocol', () => {
  const server = (run: MarbleHelpers) => run.run(run.listen('store:1', respOptions).pipe(keyValueServer()));

  it(
    'answers commands that come together, in order',
    marbles((run) => {
      server(run);
      const client = run.peer('store:1').sends(`-'${get}*1\r\n$4\r\nPING\r\n'-|`);
      run.expectBytes(client).toBe("             -'$-1\r\n+PONG\r\n'-|");
    }),
  );

  it(
    'cuts off who speaks something else, and nobody else',
    marbles((run) => {
      server(run);
      run.expectBytes(run.peer('store:1').sends("-'GET / HTTP/1.1\r\n\r\n'")).toBe('-|');
      run.expectBytes(run.peer('store:1').sends("--'*1\r\n$4\r\nPING\r\n'-|")).toBe("--'+PONG\r\n'-|");
    }),
  );
});

describe('5. both sides, and time', () => {
  const values = {
    s: ['SET', 'a', '1', 'EX', '600'],
    g: ['GET', 'a'],
    p: ['PTTL', 'a'],
    d: ['DEL', 'a'],
    o: ok,
    1: '1',
    n: null,
    t: 300_000,
  };
  const asks = (run: MarbleHelpers, commands: string): Observable<Resp> =>
    run
      .connect('store:1', respOptions)
      .pipe(lockstep(run.cold(commands, values as Record<string, Resp>).pipe(paced())));

  it(
    'forgets what was said for ten minutes after ten minutes',
    marbles(
      (run) => {
        const commands = 's 299999ms p 299998ms g-g|';
        const answers = ' o 299999ms t 299998ms 1-n|';
        run.run(run.listen('store:1', respOptions).pipe(keyValueServer()));
        run.expectObservable(asks(run, commands)).toBe(answers, values);
      },
      { maxMs: 700_000 },
    ),
  );

  it(
    'has one store for all',
    marbles((run) => {
      const first = '  s---g|';
      const second = ' --d--|';
      run.run(run.listen('store:1', respOptions).pipe(keyValueServer()));
      run.expectObservable(asks(run, first)).toBe('o---n|', values);
      run.expectObservable(asks(run, second)).toBe('--e--|', { e: 1 });
    }),
  );
});

describe('6. the road', () => {
  it(
    'ends where somebody hangs up: a client that has more to ask says so',
    marbles((run) => {
      const server = "--'+1\r\n'--|";
      const commands = 'g-------g|';
      const answers = '--a--#';
      run.accepts('store:1').sends(server);
      const answer$ = run
        .connect('store:1', respOptions)
        .pipe(lockstep(run.cold(commands, { g: ['GET', 'a'] }).pipe(paced())));
      run
        .expectObservable(answer$)
        .toBe(answers, { a: { status: '1' } }, new Error('The server has hung up'));
    }),
  );

  it(
    'may be cut, and break everything into single bytes',
    marbles((run) => {
      const values = { g: ['GET', 'a'], n: null };
      const road = '    f--p-----r';
      const commands = 'g--g------|';
      const answers = ' n--------n|';
      run.run(run.listen('store:1', respOptions).pipe(keyValueServer()));
      run.faults(road, { f: fragment(1), p: partition(), r: repair() });
      const answer$ = run
        .connect('store:1', respOptions)
        .pipe(lockstep(run.cold(commands, values as Record<string, Resp>).pipe(paced())));
      run.expectObservable(answer$).toBe(answers, values);
    }),
  );
});
