import { echoes } from '../apps.js';
import { atOnce, check, expect, inTurn, peerDoes, withServer } from '../plays.js';
import { chapter, fact, type Play, type Stage } from '../suite.js';
import { body, fin, header, hears, message, ok, opening, rst, type Step, says, waits } from '../words.js';

/** So many at once, each of whom does this; on the real road both ends are in this process, which may open so many files. */
const many = (
  { virtual, TCP, heavy }: { readonly virtual: number; readonly TCP: number; readonly heavy: true | 'very' },
  steps: readonly Step[],
  as: string,
): Play => ({
  name: `${virtual} over virtual, ${TCP} over TCP`,
  heavy,
  bufferBytes: 64 << 20,
  plays: (stage: Stage) => {
    const count = stage.road.name === 'virtual' ? virtual : TCP;
    return withServer(stage, { app: echoes, maxConnections: count }, ({ at }) =>
      inTurn(
        atOnce(count, () => peerDoes(stage, at, steps)),
        stage.book.over(count),
        check(() => {
          const own = stage.book.endings.filter((reason) => reason === as).length;
          expect(`${own} of ${count} end by ${as}`, own === count);
        }),
      ),
    );
  },
});

const idle = [says(opening), hears(opening), waits(3_000)];
const some = { virtual: 300, TCP: 300, heavy: true } as const;
const most = { virtual: 2_000, TCP: 2_000, heavy: 'very' } as const;
const speaks = [...idle, says(message('a')), hears(ok, header('a')), says(ok), hears(body('a')), fin];

export const scaleChapter = chapter(13, 'Scale', [
  fact(
    'Many who are idle are all there when each says a message',
    many(some, speaks, 'peer'),
    many(most, speaks, 'peer'),
  ),
  fact(
    'Many who are cut at once are all noticed',
    many(some, [...idle, rst], 'error reset'),
    many(most, [...idle, rst], 'error reset'),
  ),
]);
