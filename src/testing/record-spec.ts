import { hexOf, show } from './bytes.js';
import type { Timed } from './diagram.js';
import { byFrame } from './raw-peer.js';
import { written } from './ruler.js';

/** What every generated spec must know. */
export interface SpecOptions {
  /** The name of the test. @default 'goes as it was recorded' */
  readonly title?: string;
  /** The lines that import the server or the client, as they stand at the top of the file. */
  readonly imports: string;
  /** An expression for the server, given `listen`: an Observable that serves at `server:1`. The accepted wires are replayed. */
  readonly server?: string;
  /** An expression for the client, given `connect`: an Observable that connects to `server:1`. The dialled wires are replayed, one after the other. */
  readonly client?: string;
}

/** A mark, and which of all the marks of its recording it is. */
export type Noted = Timed & { readonly turn: number };

/** What two sides said: bytes, and their ends. */
export interface Talk {
  readonly theirs: { readonly marks: readonly Noted[] };
  readonly ours: { readonly marks: readonly Noted[] };
}

/** A wire, as it was seen by our side. */
export interface RecordedWire extends Talk {
  readonly accepted: boolean;
  /** When it was there. */
  readonly frame: number;
}

/** What a peer says in one go: when it has heard so much, and then at these times. */
interface Saying {
  readonly heard: number;
  readonly from: number;
  readonly marks: Noted[];
}

/** A file that replays one side of the conversations: the peers say what they said when they have heard what they had heard, and are to hear the same, whenever that is. */
export function specOf(all: readonly RecordedWire[], options: SpecOptions): string {
  const { title = 'goes as it was recorded', imports, server, client } = options;
  if ((server === undefined) === (client === undefined))
    throw new TypeError('A spec is of a server or of a client: give one of them');
  const accepted = server !== undefined;
  const wires = all.filter((wire) => wire.accepted === accepted);
  const zero = Math.min(...wires.map(({ frame }) => frame));
  const makes = accepted ? "peer('server:1')" : "accepts('server:1')";
  const peers = wires.flatMap((wire, index) => {
    const name = `peer${index + 1}`;
    // An accepted peer's first words come at their time on the ruler, a listening one's when it is called.
    const says = accepted ? saysOf(wire, zero, 'ruler') : saysOf(wire, wire.frame, 'call');
    return [
      `    const ${name} = ${makes}${says};`,
      `    expectBytes(${name}, { anytime: true }).toBe(${hearsOf(wire)});`,
    ];
  });
  const program = `    run(${server ?? client});`;
  return [
    "import { marbles } from 'rx-tinyproto/testing';",
    "import { test } from 'vitest';",
    imports.trim(),
    '',
    'test(',
    `  ${quoted(title)},`,
    `  marbles(({ ${accepted ? 'listen, run, peer' : 'connect, run, accepts'}, expectBytes }) => {`,
    ...(accepted ? [program, ...peers] : [...peers, program]),
    '  }),',
    ');',
    '',
  ].join('\n');
}

/** What the peer of a wire is told to say; what it says before it has heard anything, on the ruler of the test or from when it is called. */
export function saysOf(wire: Talk, start: number, first: 'ruler' | 'call'): string {
  const says = sayings(wire, start).map(({ heard, from, marks }) => {
    const diagram = quoted(diagramOfBytes(marks, from));
    return first === 'ruler' && heard === 0 ? `.sends(${diagram})` : `.answers(${heard}, ${diagram})`;
  });
  return says.join('');
}

/** All that the peer of a wire hears. */
export const hearsOf = ({ ours: { marks } }: Talk): string =>
  quoted(diagramOfBytes(marks, marks[0]?.frame ?? 0));

/** What a peer said, apart wherever our side had said something in between. Its first words have times of their own. */
function sayings({ theirs, ours }: Talk, start: number): Saying[] {
  const all: Saying[] = [];
  let heard = 0;
  let from = start;
  const inOrder = [
    ...theirs.marks.map((mark) => ({ mark, isTheirs: true })),
    ...ours.marks.map((mark) => ({ mark, isTheirs: false })),
  ].sort((one, other) => one.mark.turn - other.mark.turn);
  for (const { mark, isTheirs } of inOrder) {
    if (!isTheirs) {
      heard += mark.notification.kind === 'N' ? (mark.notification.value as Uint8Array).length : 1;
      from = mark.frame;
    } else if (all.at(-1)?.heard === heard) all.at(-1)?.marks.push(mark);
    else all.push({ heard, from, marks: [mark] });
  }
  return all;
}

/** Bytes as they are, with nothing left out. */
function diagramOfBytes(marks: readonly Timed[], start: number): string {
  return written(
    byFrame(marks).map(({ frame, notification }) => [frame, tokenOf(notification)]),
    start,
  );
}

function tokenOf(notification: Timed['notification']): string {
  if (notification.kind === 'C') return '|';
  if (notification.kind === 'E') return '#';
  const value = notification.value as Uint8Array;
  const shown = show(value, value.length);
  return shown.startsWith("'") && !shown.includes('"') ? shown : `<${hexOf(value)}>`;
}

const quoted = (text: string) => (text.includes("'") ? `"${text}"` : `'${text}'`);
