import { consume, lines, serve } from 'rx-tinyproto';
import {
  drawSvg,
  hex,
  latency,
  type MarbleHelpers,
  type MarblesOptions,
  marbles,
  partition,
  release,
  repair,
  type Scene,
  stall,
} from 'rx-tinyproto/testing';
import { concatMap, interval, map, take, timer } from 'rxjs';

const tests: Readonly<Record<string, readonly [title: string, test: (helpers: MarbleHelpers) => void]>> = {
  echo: [
    'An echo of "hi", byte by byte',
    ({ listen, run, peer, expectBytes }) => {
      run(
        listen('server:9123').pipe(
          serve((conn) => conn.messages$.pipe(consume((bytes) => conn.send(bytes)))),
        ),
      );
      const client = peer('server:9123').sends('<ff>-<00 00 00 02>-<68 69>           -<ff>   -|');
      expectBytes(client).toBe('                <ff>-<ff>       -<00 00 00 02>-<68 69>-|');
    },
  ],
  'slow-handler': [
    'A slow handler holds the peer',
    ({ listen, run, peer, expectBytes }) => {
      const server$ = listen('server:1', { framing: lines() });
      run(
        server$.pipe(
          serve((conn) =>
            conn.messages$.pipe(consume((line) => timer(10).pipe(concatMap(() => conn.send(line))))),
          ),
        ),
      );
      expectBytes(peer('server:1').sends("'a\nb\nc\n' 39ms |")).toBe("10ms 'a\n' 9ms 'b\n' 9ms 'c\n' 9ms |");
    },
  ],
  partition: [
    'What waits at a partition comes when it is repaired, in order',
    ({ listen, run, peer, expectBytes, faults }) => {
      run(
        listen('server:1', { framing: lines() }).pipe(
          serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))),
        ),
      );
      faults('5ms p 14ms r', { p: partition({ to: 'server:1' }), r: repair() });
      expectBytes(peer('server:1').sends("'a\n'-- 7ms 'b\n' 3ms 'c\n' 9ms |")).toBe(
        "'a\n' 19ms 'b\nc\n'---|",
      );
    },
  ],
  everything: [
    'One of everything, to look at',
    ({ cold, hot, faults, expectObservable, peer, accepts, expectBytes }) => {
      faults('l-s--r', { l: latency(2), s: stall(), r: release() });
      accepts('server:1');
      const client = peer('server:1').sends('------<ff 00 00 00 02>-#');
      expectBytes(client).toBe('');
      expectObservable(hot('-a-[bc]--#')).toBe('-a-[bc]--#');
      expectObservable(
        cold('--x 9ms y-|', { x: { user: 'ada', age: 36 }, y: hex`00 01 02 03 04 05 06 07 08` }),
      ).toBe('--x 9ms y-|', { x: { user: 'ada', age: 36 }, y: hex`00 01 02 03 04 05 06 07 08` });
      expectObservable(
        interval(1_000).pipe(
          take(2),
          map((n) => `tick ${n}`),
        ),
      ).toBe("1s 'tick 0' 999ms ('tick 1'|)");
    },
  ],
};

/** The pictures of the pages: each is the scene of a test, which passes, or this throws. */
export const pictures: ReadonlyMap<string, () => string> = new Map(
  Object.entries(tests).map(([name, [title, test]]) => [
    `docs/pictures/${name}.svg`,
    () => drawn(title, test),
  ]),
);

function drawn(title: string, test: (helpers: MarbleHelpers) => void): string {
  let scene: Scene = { rows: [] };
  const options: MarblesOptions = {
    onScene: (played) => {
      scene = { ...played, title };
    },
  };
  marbles(test, options)();
  return drawSvg(scene);
}
