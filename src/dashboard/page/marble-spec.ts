import type { ObservableNotification } from 'rxjs';
import { bytesOfHex } from '../../testing/bytes.js';
import { hearsOf, type Noted, saysOf, type Talk } from '../../testing/record-spec.js';
import type { Mark } from '../batch.js';
import { isMarble } from './lane.js';
import type { Row, View } from './store.js';

/**
 * What is in view, as a spec that runs in virtual time and passes: raw peers say what came, and expect what was sent. Who answers them says what the server was seen to say;
 * with a server in its place, it is a test of that server. A chunk is a message, so that any framing will do.
 */
export function asSpec(rows: readonly Row[], view: View): string {
  const shown = rows.map((row) => marblesOf(row, view)).filter((marks) => marks.some(isSaid));
  const zero = Math.min(view.to, ...shown.flatMap((marks) => marks.slice(0, 1).map(({ at }) => at)));
  const talks = shown.map((marks) => talkOf(marks, zero));
  const servers = talks.map(
    ({ theirs, ours }) => `    accepts('server:1')${saysOf({ theirs: ours, ours: theirs }, 0, 'call')};`,
  );
  const peers = talks.flatMap((talk, index) => [
    `    const peer${index + 1} = peer('server:1')${saysOf(talk, 0, 'ruler')};`,
    `    expectBytes(peer${index + 1}, { anytime: true }).toBe(${hearsOf(talk)});`,
  ]);
  return [
    "import { marbles } from 'rx-tinyproto/testing';",
    "import { test } from 'vitest';",
    '',
    ...leftOut(shown.flat()).map((line) => `// ${line}`),
    'test(',
    `  'goes as it was seen, ${Math.round(zero)} ms after the start',`,
    '  marbles(({ accepts, peer, expectBytes }) => {',
    '    // What the server said. Put yours in place of this: `run(yours(listen(…)))`, with `framing: wholeChunks()`.',
    ...servers,
    '',
    ...peers,
    '  }),',
    ');',
    '',
  ].join('\n');
}

/** So many marbles of a connection make a spec that can be read. */
const marksShown = 60;

const marblesOf = ({ marks }: Row, { from, to }: View): readonly Mark[] =>
  marks.filter((mark) => isMarble(mark) && mark.at >= from && mark.at <= to).slice(0, marksShown);

const isSaid = ({ kind, size = 0 }: Mark): boolean => (kind === 'in' || kind === 'out') && size > 0;

/** What a reader has to know who takes this for all there was. */
function leftOut(marks: readonly Mark[]): string[] {
  const cut = marks.filter(({ size = 0, hex = '' }) => hex.length / 2 < size).length;
  const empty = marks.filter(({ kind, size }) => (kind === 'in' || kind === 'out') && size === 0).length;
  return [
    ...(cut > 0 ? [`${cut} messages are cut to what the page had of them: their first bytes.`] : []),
    ...(empty > 0 ? [`${empty} messages without a byte are left out: a chunk has some.`] : []),
  ];
}

function talkOf(marks: readonly Mark[], zero: number): Talk {
  const theirs: Noted[] = [];
  const ours: Noted[] = [];
  let turn = 0;
  for (const mark of marks)
    for (const [into, notification] of turnsOf(mark)) {
      const side = into === 'ours' ? ours : theirs;
      side.push({ frame: mark.at - zero, turn: turn++, notification });
    }
  return { theirs: { marks: theirs }, ours: { marks: ours } };
}

type Turn = readonly ['theirs' | 'ours', ObservableNotification<Uint8Array>];

/** Who said what; whoever closes first, the other side follows. */
function turnsOf(mark: Mark): readonly Turn[] {
  const { kind, hex = '', note } = mark;
  const message = { kind: 'N', value: bytesOfHex(hex) } as const;
  const ends: readonly Turn[] = [
    ['theirs', { kind: 'C' }],
    ['ours', { kind: 'C' }],
  ];
  if (kind === 'closed') return note === 'by us' ? [...ends].reverse() : ends;
  if (kind === 'error') return [['theirs', { kind: 'E', error: note }]];
  return isSaid(mark) ? [[kind === 'in' ? 'theirs' : 'ours', message]] : [];
}
