import { consume, serve } from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { describe, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { command } from '../helpers/cli-stage.js';

const codes = { 0: exitCodes.done, i: exitCodes.interrupted, 3: exitCodes.unreachable, 4: exitCodes.broken };
const letters = { a: 'apple', b: 'banana', c: 'cherry' };

/** A server that says everything back. */
const echo = ({ run, listen }: MarbleHelpers) =>
  run(
    listen('server:1').pipe(serve((conn) => conn.messages$.pipe(consume((message) => conn.send(message))))),
  );

describe('connect', () => {
  it(
    'says each line, prints each message, and ends when nothing has come for a second after the last line',
    marbles((helpers) => {
      const input = ' a--b|';
      const printed = 'a--b';
      const code = '  1004ms (0|)';

      echo(helpers);
      const { code$, out$ } = command(helpers, 'connect server:1', { input, lines: letters });
      helpers.expectObservable(out$).toBe(printed, letters);
      helpers.expectObservable(code$).toBe(code, codes);
    }),
  );

  it(
    'ends with the last of the messages that were asked for',
    marbles((helpers) => {
      const input = ' a--b--c';
      const printed = 'a--b';
      const code = '  ---(0|)';

      echo(helpers);
      const { code$, out$ } = command(helpers, 'connect server:1 --take 2', { input, lines: letters });
      helpers.expectObservable(out$).toBe(printed, letters);
      helpers.expectObservable(code$).toBe(code, codes);
    }),
  );

  it(
    'ends its direction with the last line where the framing can, and waits for the end of the other',
    marbles((helpers) => {
      const input = ' a|';
      const server = "20ms 'yes\n'-|";
      const heard = " 'apple\n'|";
      const printed = '20ms y';
      const code = '  21ms -(0|)';

      const { code$, out$ } = command(helpers, 'connect server:1 -f lines', { input, lines: letters });
      helpers.expectBytes(helpers.accepts('server:1').sends(server)).toBe(heard);
      helpers.expectObservable(out$).toBe(printed, { y: 'yes' });
      helpers.expectObservable(code$).toBe(code, codes);
    }),
  );

  it(
    'tells that the server has left, also somebody who has more to say',
    marbles((helpers) => {
      const input = ' a---------b';
      const server = '----|';
      const told = '  c---l';
      const code = '  ----(0|)';

      const { code$, err$ } = command(helpers, 'connect server:1 -f lines', { input, lines: letters });
      helpers.expectBytes(helpers.accepts('server:1').sends(server)).toBe("'apple\n'---|");
      helpers.expectObservable(err$).toBe(told, { c: 'Connected to server:1', l: 'The server has left' });
      helpers.expectObservable(code$).toBe(code, codes);
    }),
  );

  it(
    'is interrupted in order, and says so in its exit code',
    marbles((helpers) => {
      const interrupt = '---i';
      const code = '     ---(i|)';

      echo(helpers);
      const interrupt$ = helpers.cold(interrupt, codes);
      const { code$ } = command(helpers, 'connect server:1', { input: 'a', lines: letters, interrupt$ });
      helpers.expectObservable(code$).toBe(code, codes);
    }),
  );
});

describe('what comes from a peer', () => {
  const server = "'\u001b[2J\u0007a\u202eb ü\n'|";
  const said = (setting: object, words = '') =>
    marbles((helpers) => {
      const { code$, out$ } = command(helpers, `connect server:1 -f lines${words}`, setting);
      helpers.accepts('server:1').sends(server);
      helpers.expectObservable(code$).toBe('-(0|)', codes);
      helpers.expectObservable(out$).toBe('t', { t: expected });
    });
  let expected = '';

  it('reaches a terminal with its control characters written out', () => {
    expected = '\\u001b[2J\\u0007a\\u202eb ü';
    said({ isTerminal: true })();
  });

  it('goes through a pipe as it is', () => {
    expected = '\u001b[2J\u0007a\u202eb ü';
    said({})();
  });

  it('is hexadecimal where it is to be', () => {
    expected = '1b 5b 32 4a 07 61 e2 80 ae 62 20 c3 bc';
    said({}, ' --hex')();
  });

  it('is told to be no JSON where it is none, and what follows is shown', () =>
    marbles((helpers) => {
      const { code$, out$, err$ } = command(helpers, 'connect server:1 -f lines --json -q');
      helpers.run(code$);
      helpers.accepts('server:1').sends(`'nope\n'--'{ "a": 1 }\n'`);
      helpers.expectObservable(err$).toBe('n', { n: 'a message is no JSON' });
      helpers.expectObservable(out$).toBe('---a', { a: '{"a":1}' });
    })());
});

describe('a line that means no message', () => {
  const setting = { input: 'ab', lines: { a: 'no hex', b: '68 69' } };

  it('ends a script, with its number', () =>
    marbles((helpers) => {
      helpers.accepts('server:1');
      const { code$, err$ } = command(helpers, 'connect server:1 -f lines --hex -q', setting);
      const error = 'rx-tinyproto: standard input, line 1: the line is no pairs of hexadecimal digits';
      helpers.expectObservable(err$).toBe('e', { e: error });
      helpers.expectObservable(code$).toBe('(1|)', { 1: exitCodes.failed });
    })());

  it('is told of on a terminal, and the next one goes out', () =>
    marbles((helpers) => {
      const { code$, err$ } = command(helpers, 'connect server:1 -f lines --hex -q', {
        ...setting,
        isTerminal: true,
      });
      helpers.expectBytes(helpers.accepts('server:1').sends('-----|')).toBe("-'hi\n'---|");
      helpers.expectObservable(err$).toBe('e', { e: 'the line is no pairs of hexadecimal digits' });
      helpers.expectObservable(code$).toBe('-----(0|)', codes);
    })());
});

describe('listen', () => {
  const listening = 'Listening on server:1';

  it('shows what comes, and says what is typed to all who are here, when somebody is', () =>
    marbles((helpers) => {
      const input = '  a------b';
      const client1 = "---'x\n'---------|";
      const heard1 = " 'apple\n'------'banana\n'-----|";
      const client2 = "-----'y\n'-------|";
      const heard2 = " -------'banana\n'-----|";
      const shown = '  ---x-y';

      const { code$, out$ } = command(helpers, 'listen server:1 -f lines', { input, lines: letters });
      helpers.run(code$);
      helpers.expectBytes(helpers.peer('server:1').sends(client1)).toBe(heard1);
      helpers.expectBytes(helpers.peer('server:1').sends(client2)).toBe(heard2);
      helpers.expectObservable(out$).toBe(shown);
    })());

  it('tells who comes and goes, and stops in order with exit code 0', () =>
    marbles((helpers) => {
      const client = '--|';
      const interrupt = '----i';
      const told = '[lh]-g';
      const code = '----(0|)';

      const interrupt$ = helpers.cold(interrupt, codes);
      const { code$, err$ } = command(helpers, 'listen server:1 -f lines', { interrupt$ });
      helpers.peer('server:1').sends(client);
      const words = { l: listening, h: '1 is here, 127.0.0.1:32769', g: '1 has left' };
      helpers.expectObservable(err$).toBe(told, words);
      helpers.expectObservable(code$).toBe(code, codes);
    })());

  it('--echo says each message back', () =>
    marbles((helpers) => {
      helpers.run(command(helpers, 'listen server:1 -f lines --echo').code$);
      helpers.expectBytes(helpers.peer('server:1').sends("-'a\n'--'b\n'|")).toBe("-'a\n'--'b\n'|");
    })());

  it('--broadcast says each message to all the others', () =>
    marbles((helpers) => {
      helpers.run(command(helpers, 'listen server:1 -f lines --broadcast').code$);
      helpers.expectBytes(helpers.peer('server:1').sends("-'a\n'-----|")).toBe("---'b\n'---|");
      helpers.expectBytes(helpers.peer('server:1').sends("---'b\n'---|")).toBe("-'a\n'-----|");
    })());

  it('--relay puts everybody through to another server', () =>
    marbles((helpers) => {
      helpers.run(command(helpers, 'listen server:1 -f lines --relay server:2').code$);
      helpers.expectBytes(helpers.accepts('server:2').answers(2, "--'b\n'-|")).toBe("-'a\n'---|");
      helpers.expectBytes(helpers.peer('server:1').sends("-'a\n'---|")).toBe("---'b\n'-|");
    })());

  it('--relay tells that the other server is not there, and goes on', () =>
    marbles((helpers) => {
      const { code$, err$ } = command(helpers, 'listen server:1 -f lines --relay server:2 -q');
      helpers.run(code$);
      helpers.expectBytes(helpers.peer('server:1')).toBe('|');
      const refused = 'Dialling server:2 failed: nobody listens there (connection-refused)';
      helpers.expectObservable(err$).toBe('r', { r: refused });
    })());

  it('--once ends with the first connection', () =>
    marbles((helpers) => {
      const { code$ } = command(helpers, 'listen server:1 -f lines --once');
      helpers.peer('server:1').sends('--|');
      helpers.expectObservable(code$).toBe('--(0|)', codes);
    })());
});

describe('--wiretap', () => {
  it('shows what passes: when, with whom, which way, and what', () =>
    marbles((helpers) => {
      const setting = { input: '-a|', lines: letters };
      const { code$, err$ } = command(helpers, 'connect server:1 -f chunks --wiretap -q', setting);
      helpers.run(code$);
      helpers.accepts('server:1').sends("-----'ok\n'|");
      helpers.expectObservable(err$).toBe('-of--ie', {
        o: '      1 ms  server:1 ← 61 70 70 6c 65  apple',
        f: '      2 ms  server:1 ← FIN',
        i: '      5 ms  server:1 → 6f 6b 0a  ok·',
        e: '      6 ms  server:1 → FIN',
      });
    })());
});

describe('the exit code', () => {
  it.each([
    [
      'connect server:9',
      exitCodes.unreachable,
      'Dialling server:9 failed: nobody listens there (connection-refused)',
    ],
    ['connect', exitCodes.usage, 'connect needs one address'],
    ['connect 1 2', exitCodes.usage, 'connect needs one address'],
    [
      'connect nowhere',
      exitCodes.usage,
      `"nowhere" is no address: write a port, 'host:port', '[ipv6]:port' or { path }`,
    ],
    ['connect 1 --text --hex', exitCodes.usage, '--text and --hex exclude each other'],
    ['connect 1 --wait x', exitCodes.usage, "--wait is a number of at least 0, not 'x'"],
    ['connect 1 --take 1.5', exitCodes.usage, "--take is a whole number, not '1.5'"],
    ['connect 1 -f length:9', exitCodes.usage, "there is no framing 'length:9': --help lists them"],
    ['listen 1 --echo --broadcast', exitCodes.usage, '--echo and --broadcast exclude each other'],
    ['listen 1 --dashboard 8080.5', exitCodes.usage, "--dashboard is a whole number, not '8080.5'"],
    ['listen 1 --dashboard 80800', exitCodes.usage, 'There is no port 80800'],
    ['listen 1 --please', exitCodes.usage, "unknown option '--please'"],
    ['sing', exitCodes.usage, "there is no command 'sing': rx-tinyproto --help lists them"],
    ['help sing', exitCodes.usage, "there is no command 'sing': rx-tinyproto --help lists them"],
    ['replay /dev/null', exitCodes.usage, '/dev/null: this is no recording: make one with --record'],
  ])('of %s is %i, with one line that says why', (line, code, why) =>
    marbles((helpers) => {
      const { code$, err$ } = command(helpers, line);
      helpers.expectObservable(err$).toBe('w', { w: `rx-tinyproto: ${why}` });
      helpers.expectObservable(code$).toBe('(c|)', { c: code });
    })(),
  );

  it('is 4 when the peer breaks the protocol, or the road', () =>
    marbles((helpers) => {
      const { code$ } = command(helpers, 'connect server:1 -f lines -q', {});
      helpers.accepts('server:1').sends("-'half a line'|");
      helpers.expectObservable(code$).toBe('--(4|)', codes);
    })());
});
