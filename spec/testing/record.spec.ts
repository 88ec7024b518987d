import { type Connection, consume, converse, lines, reconnect, serve, text } from 'rx-tinyproto';
import {
  drawSvg,
  hex,
  type MarbleHelpers,
  marbles,
  type Recording,
  record,
  virtualNetwork,
} from 'rx-tinyproto/testing';
import {
  concat,
  concatMap,
  defer,
  ignoreElements,
  interval,
  lastValueFrom,
  map,
  merge,
  of,
  take,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import { connectOver } from '../../src/client/connect.js';
import { listenOver } from '../../src/server/listen.js';
import { expectKept } from '../helpers/kept-file.js';
import { options, shout, whispers } from './recorded/shout.js';

const imports = "import { options, shout } from './shout.js';";
const title = 'a server that shouts goes as it was recorded';
const server = "shout(listen('server:1', options))";

/** Two clients of a server that is recorded: each says some lines, with time between them. */
function conversation({ net, listen, connect, run }: MarbleHelpers): Recording {
  const tape = record();
  run(shout(listen('server:1', { ...options, transport: tape.transport(net) })));
  for (const [ms, lines] of [
    [0, ['hello', 'who is there?']],
    [4, ["it's me"]],
  ] as const) {
    const client$ = connect('server:1', options).pipe(
      converse((conn) => {
        const said = timer(0, 7).pipe(
          take(lines.length),
          concatMap((index) => conn.send(lines[index] ?? '')),
          ignoreElements(),
        );
        return merge(conn.messages$.pipe(take(lines.length)), said);
      }),
    );
    run(timer(ms).pipe(concatMap(() => client$)));
  }
  return tape;
}

describe('record', () => {
  it(
    'makes a diagram of any Observable',
    marbles(({ cold, run, flush, expectObservable }) => {
      const tape = record();
      run(tape.observable('letters', cold('-a-(bc)|')));
      expectObservable(tape.observable('bytes', cold('--a-#', { a: hex`00 ff` }, new Error('oops')))).toBe(
        '--a-#',
        { a: hex`00 ff` },
        new Error('oops'),
      );
      flush();
      expect(tape.text('two of them')).toBe(
        [
          'two of them',
          '  ms       0       2   3  6',
          '  letters  a-      [bc]---|',
          '  bytes    -<00 ff>-   #',
          '',
          '  bytes: # is Error: oops',
        ].join('\n'),
      );
    }),
  );

  it(
    'makes a diagram of a live server, as text and as a picture',
    marbles((helpers) => {
      const tape = conversation(helpers);
      helpers.flush();
      expect(tape.text()).toContain("'who is there?\\n'");
      expect(drawSvg(tape.scene('A server that shouts'))).toContain('HELLO');
    }),
  );

  it(
    'makes a diagram of a live connection: messages, how long they are held, sends, room, end',
    marbles(({ listen, connect, run, flush }) => {
      const tape = record();
      const slow = serve((conn: Connection<string>) => {
        const taped = tape.connection(conn, 'guest');
        return taped.messages$.pipe(
          consume((line) => timer(3).pipe(concatMap(() => taped.send(line.toUpperCase())))),
        );
      });
      run(listen('server:1', options).pipe(slow));
      const guest$ = connect('server:1', options).pipe(
        converse((conn) =>
          merge(conn.messages$.pipe(take(2)), conn.sendAll(['a', 'tea']).pipe(ignoreElements())),
        ),
      );
      run(timer(2).pipe(concatMap(() => guest$)));
      flush();
      expect(tape.text()).toBe(
        [
          '  ms              0       3               6',
          "  guest room      'open'---             --|",
          "  guest messages  a     --'tea'         --|",
          "  guest held      'held'--['free''held']--'free'",
          "  guest sends     -     --A             --'TEA'",
          "  guest closed    -     ---             --'by the peer'",
        ].join('\n'),
      );
      expect(drawSvg(tape.scene('A guest'))).toContain('guest held');
    }),
  );

  it(
    'notes a message of a connection once, however many hear it',
    marbles(({ listen, connect, run, flush }) => {
      const tape = record();
      const heard: string[] = [];
      const both = serve((conn: Connection<string>) => {
        const { messages$ } = tape.connection(conn, 'guest');
        return merge(messages$.pipe(take(1)), messages$).pipe(tap((line) => heard.push(line)));
      });
      run(listen('server:1', options).pipe(both));
      run(connect('server:1', options).pipe(converse((conn) => conn.sendAll(['a', 'a', 'b']))));
      flush();
      expect(heard).toEqual(['a', 'a', 'a', 'b']);
      const said = tape.scene().rows.find(({ name }) => name === 'guest messages');
      expect(said?.marks.map(({ notification }) => notification)).toEqual([
        { kind: 'N', value: 'a' },
        { kind: 'N', value: 'a' },
        { kind: 'N', value: 'b' },
        { kind: 'C' },
      ]);
    }),
  );

  it('notes what a connection sends of whatever it is drawn from', async () => {
    const tape = record();
    const here = { transport: virtualNetwork(), framing: lines() };
    const [listen, connect] = [listenOver(here), connectOver(here)];
    const promised = (async function* () {
      yield 'b';
      yield 'c';
    })();
    const server = listen('server:1')
      .pipe(serve((conn) => conn.messages$))
      .subscribe();
    await lastValueFrom(
      connect('server:1', { codec: text() }).pipe(
        converse((conn) => {
          const taped = tape.connection(conn, 'guest');
          return concat(taped.sendAll(['a']), taped.sendAll(promised), taped.sendAll(of('d')));
        }),
      ),
    );
    server.unsubscribe();
    const said = tape.scene().rows.find(({ name }) => name === 'guest sends');
    expect(said?.marks.flatMap(({ notification: one }) => (one.kind === 'N' ? [one.value] : []))).toEqual([
      'a',
      'b',
      'c',
      'd',
    ]);
  });

  it(
    'leaves a connection to whoever takes charge of it, in its place',
    marbles(({ listen, connect, run, expectObservable }) => {
      const tape = record();
      const silent = serve(() => timer(15));
      const taped$ = listen('server:1', { ...options, claimTimeoutMs: 10 }).pipe(
        map((conn) => tape.connection(conn)),
      );
      run(taped$.pipe(silent));
      const guest$ = connect('server:1', options).pipe(converse((conn) => conn.messages$));
      expectObservable(guest$).toBe('---------------|');
    }),
  );

  it(
    'says of a connection that is on its second wire where that leads',
    marbles(({ listen, connect, run, expectObservable }) => {
      run(listen('first:1', options).pipe(serve(() => timer(1))));
      run(listen('second:1', options).pipe(serve((conn) => conn.messages$)));
      let dials = 0;
      const client$ = defer(() => connect(dials++ === 0 ? 'first:1' : 'second:1', options)).pipe(
        reconnect({ minDelayMs: 1, onEnd: 'reconnect' }),
        converse((conn) => {
          const taped = record().connection(conn);
          const remote$ = timer(0, 50).pipe(
            take(2),
            map(() => taped.remote),
          );
          return merge(taped.messages$.pipe(ignoreElements()), remote$);
        }),
        take(2),
      );
      const remotes = { a: { host: 'first', port: 1 }, b: { host: 'second', port: 1 } };
      expectObservable(client$).toBe('a 49ms (b|)', remotes);
    }),
  );

  it(
    'makes a spec of a client, which a server of its recorded words answers',
    marbles(({ net, listen, connect, run, flush }) => {
      const tape = record();
      run(shout(listen('server:1', options)));
      run(whispers(connect('server:1', { ...options, transport: tape.transport(net) })));
      flush();
      const spec = tape.spec({
        imports: "import { options, whispers } from './shout.js';",
        client: "whispers(connect('server:1', options))",
        title: 'a client that whispers goes as it was recorded',
      });
      expectKept('spec/testing/recorded/whisper.spec.ts', spec);
    }),
  );

  for (const [name, ending] of [
    ['its FIN', '|'],
    ['a reset', '#'],
  ] as const) {
    it(`replays a handshake, message by message, and ${name}`, () => {
      const echo = serve((conn: Connection) => conn.messages$.pipe(consume((bytes) => conn.send(bytes))));
      let spec = '';
      marbles(({ net, listen, peer, run, flush }) => {
        const tape = record();
        run(listen('server:1', { transport: tape.transport(net) }).pipe(echo));
        peer('server:1').sends(`<ff>-<00 00 00 02>-<68 69>-<ff>-${ending}`);
        flush();
        spec = tape.spec({ imports: '', server: "echo(listen('server:1'))" });
      })();
      expect(spec).toContain('.answers(');
      const body = spec.replace(/^import .*$/gm, '');
      const test = (_: string, replay: () => void) => replay();
      new Function('marbles', 'test', 'echo', body)(marbles, test, echo);
    });
  }

  it('makes a spec of one side at a time', () => {
    expect(() => record().spec({ imports })).toThrow(TypeError);
    expect(() => record().spec({ imports, server, client: server })).toThrow(TypeError);
  });

  it(
    'makes a spec of a live server, which passes',
    marbles((helpers) => {
      const tape = conversation(helpers);
      helpers.flush();
      // Vitest runs that file as a spec of its own.
      expectKept('spec/testing/recorded/shout.spec.ts', tape.spec({ imports, server, title }));
    }),
  );

  it(
    'forgets what is long ago',
    marbles(({ run, flush }) => {
      const tape = record({ maxMarks: 3 });
      run(tape.observable('ticks', interval(10).pipe(take(5))));
      flush();
      expect(tape.truncated).toBe(true);
      expect(tape.scene().rows[0]?.marks.map(({ notification }) => notification)).toEqual([
        { kind: 'N', value: 3 },
        { kind: 'N', value: 4 },
        { kind: 'C' },
      ]);
      expect(() => tape.spec({ imports, server })).toThrow(RangeError);
    }),
  );

  it(
    'forgets bytes above its bound',
    marbles(({ run, flush }) => {
      const tape = record({ maxBytes: 5 });
      run(tape.observable('bytes', of(hex`00 00 00`, hex`01 01 01`)));
      flush();
      expect(tape.scene().rows[0]?.marks).toHaveLength(2);
    }),
  );
});
