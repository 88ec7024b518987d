import { converse } from 'rx-tinyproto';
import { drawSvg, hex, type MarbleHelpers, marbles, type Recording, record } from 'rx-tinyproto/testing';
import { concatMap, ignoreElements, interval, merge, of, take, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { expectKept } from '../helpers/kept-file.js';
import { options, shout } from './recorded/shout.js';

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
