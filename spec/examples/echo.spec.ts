import { consume, converse, paced, WireError } from 'rx-tinyproto';
import { hex, type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { ignoreElements, map, takeUntil } from 'rxjs';
import { describe, it } from 'vitest';
import { echoClient, echoOptions, echoServer } from '../../examples/echo/flow.js';

// Letters are lines: those above are said, those below are what the terminal prints.
const said = { a: 'apple', b: '', c: 'Käse 🧀', q: 'QUIT', s: 'SRVQUIT', z: 'too late' };
const printed = {
  a: 'Response from server: Echo back: apple',
  b: 'Response from server: Echo back: ',
  c: 'Response from server: Echo back: Käse 🧀',
  x: 'The server has ended the conversation.',
};
const comingAndGoing = { o: '127.0.0.1 is here', c: '127.0.0.1 has left' };

/** Which port a client calls from is the system's business. */
const withoutPorts = map((line: string) => line.replace(/:\d+/, ''));

const server = ({ listen }: MarbleHelpers) =>
  listen('server:9123', echoOptions).pipe(echoServer(), withoutPorts);

const client = ({ connect, cold }: MarbleHelpers, lines: string) =>
  connect('server:9123', echoOptions).pipe(echoClient(cold(lines, said).pipe(paced())));

describe('the echo example', () => {
  it(
    'answers each line with its echo, and ends with the last of them',
    marbles((run) => {
      const lines = '   a--b--c--|';
      const answers = ' a--b--c--|';
      const server$ = ' o--------c';

      run.expectObservable(server(run), '^----------!').toBe(server$, comingAndGoing);
      run.expectObservable(client(run, lines)).toBe(answers, printed);
    }),
  );

  it(
    'says the next line when the last has its answer, so that no two headers cross',
    marbles(
      (run) => {
        // The wire is up after 4 ms. A line takes six ways: header, OK, payload, and as many for its echo; an empty line has its header only.
        const lines = '     (abc|)';
        const answers = '   10ms a---b-----c-|';

        run.expectObservable(server(run).pipe(ignoreElements()), '^ 99ms !').toBe('');
        run.expectObservable(client(run, lines)).toBe(answers, printed);
      },
      { latencyMs: 1 },
    ),
  );

  it(
    'ends one conversation at QUIT, and nothing after it is said',
    marbles((run) => {
      const lines1 = '   -a-----q-z';
      const lines2 = '   ---a-------b-|';
      const answers1 = ' -a-----|';
      const answers2 = ' ---a-------b-|';
      const server$ = '  (oo)---c-----c';

      run.expectObservable(server(run), '^--------------!').toBe(server$, comingAndGoing);
      run.expectObservable(client(run, lines1)).toBe(answers1, printed);
      run.expectObservable(client(run, lines2)).toBe(answers2, printed);
    }),
  );

  it(
    'ends the server and all clients at SRVQUIT',
    marbles((run) => {
      const lines1 = '   -a-----s-z';
      const lines2 = '   ---a-------b-|';
      const answers1 = ' -a-----|';
      const answers2 = ' ---a---(x|)';
      const server$ = '  (oo)---(cc|)';

      run.expectObservable(server(run)).toBe(server$, comingAndGoing);
      run.expectObservable(client(run, lines1)).toBe(answers1, printed);
      run.expectObservable(client(run, lines2)).toBe(answers2, printed);
    }),
  );

  it(
    'ends its clients in order when the server is stopped from above',
    marbles((run) => {
      const stop = '    -----s';
      const lines = '   -a-------b';
      const answers = ' -a---(x|)';
      const server$ = ' o----(c|)';

      const stopped = run
        .listen('server:9123', echoOptions)
        .pipe(takeUntil(run.hot(stop)), echoServer(), withoutPorts);
      run.expectObservable(stopped).toBe(server$, comingAndGoing);
      run.expectObservable(client(run, lines)).toBe(answers, printed);
    }),
  );

  it(
    'loses only the conversation in which somebody says what is no text',
    marbles((run) => {
      const lines = '    ---a----|';
      const answers = '  ---a----|';
      const garbage = '  -----g';
      const vandal = '   -----#';

      const garbage$ = run.hot(garbage);
      const noText = run.connect('server:9123').pipe(
        converse((conn) =>
          garbage$.pipe(
            paced(),
            consume(() => conn.send(hex`ff fe`)),
          ),
        ),
        ignoreElements(),
      );
      run.expectObservable(server(run), '^---------!').toBe('(oo)-c--c', comingAndGoing);
      run.expectObservable(client(run, lines)).toBe(answers, printed);
      run.expectObservable(noText).toBe(vandal, {}, new WireError('reset', ''));
    }),
  );

  it(
    'fails when there is no server',
    marbles((run) => {
      const refused = new WireError('connection-refused', '');
      run.expectObservable(client(run, 'a|')).toBe('#', printed, refused);
    }),
  );
});
