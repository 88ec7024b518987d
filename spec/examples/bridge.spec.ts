import { consume, converse, serve, text, wholeChunks } from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { ignoreElements, map, merge, mergeMap, take } from 'rxjs';
import { describe, it } from 'vitest';
import { bridge } from '../../examples/bridge/flow.js';

const inFrames = { framing: wholeChunks(), codec: text() };

/** Pages in frames at one end, a tinyproto server at the other. */
const bridged = ({ listen, connect, run }: MarbleHelpers) =>
  run(listen('bridge:80', { framing: wholeChunks() }).pipe(bridge(connect('server:9123'))));

describe('the bridge example', () => {
  it(
    'passes what a page says on to a tinyproto server, and its answers back',
    marbles((helpers) => {
      const { listen, connect, cold, run, expectObservable } = helpers;
      const lines = '  a--b-----';
      const answers = 'A--(B|)';
      const upper = consume((line: string) => [line.toUpperCase()]);
      run(
        listen('server:9123', { codec: text() }).pipe(
          serve((conn) =>
            conn.messages$.pipe(
              upper,
              consume((line) => conn.send(line)),
            ),
          ),
        ),
      );
      bridged(helpers);

      const page$ = connect('bridge:80', inFrames).pipe(
        converse((conn) => {
          const said$ = cold(lines).pipe(
            mergeMap((line) => conn.send(line)),
            ignoreElements(),
          );
          return merge(said$, conn.messages$).pipe(take(2));
        }),
      );
      expectObservable(page$).toBe(answers);
    }),
  );

  it(
    'hangs up on a page whose server is not there',
    marbles((helpers) => {
      const { connect, expectObservable } = helpers;
      bridged(helpers);
      const page$ = connect('bridge:80', inFrames).pipe(mergeMap((conn) => conn.messages$));
      expectObservable(page$.pipe(map(() => 'm'))).toBe('|');
    }),
  );
});
