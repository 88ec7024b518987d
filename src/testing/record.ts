import { asyncScheduler, isObservable, Observable, type SchedulerLike, tap } from 'rxjs';
import { formatAddress } from '../transport/address.js';
import type { Transport, Wire } from '../transport/transport.js';
import { hexOf, show } from './bytes.js';
import type { Timed } from './diagram.js';
import { drawScene } from './draw.js';
import { byFrame } from './raw-peer.js';
import { wait } from './ruler.js';
import type { Row, Scene } from './scene.js';

/** What a recording is kept of. */
export interface RecordOptions {
  /** So many marks are kept in all; then the oldest ones go. @default 10,000 */
  readonly maxMarks?: number;
  /** So many bytes are kept in all; then the oldest marks go. @default 16 MiB */
  readonly maxBytes?: number;
  /** Its clock. @default asyncScheduler */
  readonly scheduler?: SchedulerLike;
}

/** A recording: rows that grow while something lives. */
export interface Recording {
  /** Notes an Observable as a row, for each that subscribes to what comes back. */
  observable<T>(name: string, source: Observable<T>): Observable<T>;
  /** Notes the bytes of all wires of a transport, in both directions: give it to `listen` or `connect` in its place. */
  transport(transport: Transport): Transport;
  /** What was noted so far, from the first mark that is kept. */
  scene(title?: string): Scene;
  /** As text, with its key. */
  text(title?: string): string;
  /** Whether marks had to go. */
  readonly truncated: boolean;
  /** The conversations that were accepted, each as a spec that plays the peer's part and expects what our side said. */
  spec(options: SpecOptions): string;
}

/** What a generated spec must know. */
export interface SpecOptions {
  /** The name of the test. @default 'goes as it was recorded' */
  readonly title?: string;
  /** The lines that import the server, as they stand at the top of the file. */
  readonly imports: string;
  /** An expression for the server, given `listen`: an Observable that serves at `server:1`. */
  readonly server: string;
}

interface RecordedWire {
  readonly accepted: boolean;
  readonly theirs: MutableRow;
  readonly ours: MutableRow;
}

type MutableRow = Row & { readonly marks: Timed[] };

/** Records what lives: Observables, connections, whole servers. Bounded: of what is long ago, nothing is kept. */
export function record({
  maxMarks = 10_000,
  maxBytes = 16 * 1_024 * 1_024,
  scheduler = asyncScheduler,
}: RecordOptions = {}): Recording {
  const rows: MutableRow[] = [];
  const wires: RecordedWire[] = [];
  const order: MutableRow[] = [];
  const start = scheduler.now();
  let first = 0;
  let bytes = 0;
  let truncated = false;

  function rowOf(name: string, kind: Row['kind']): MutableRow {
    const row: MutableRow = { name, kind, marks: [] };
    rows.push(row);
    return row;
  }

  function note(row: MutableRow, notification: Timed['notification']): void {
    row.marks.push({ frame: Math.round(scheduler.now() - start), notification });
    order.push(row);
    bytes += weightOf(notification);
    while (order.length - first > maxMarks || bytes > maxBytes) forgetOldest();
  }

  function forgetOldest(): void {
    const mark = order[first++]?.marks.shift();
    if (mark) bytes -= weightOf(mark.notification);
    truncated = true;
    if (first < 1_024) return;
    order.splice(0, first);
    first = 0;
  }

  function wireRows(wire: Wire, accepted: boolean): RecordedWire {
    const name = formatAddress(accepted ? wire.remote : wire.local) || `wire ${wires.length + 1}`;
    const made = { accepted, theirs: rowOf(`${name} →`, 'wire'), ours: rowOf(`${name} ←`, 'wire') };
    wires.push(made);
    return made;
  }

  function recorded(wire: Wire, accepted: boolean): Wire {
    const { theirs, ours } = wireRows(wire, accepted);
    return {
      local: wire.local,
      remote: wire.remote,
      closed$: wire.closed$,
      bytes$: wire.bytes$.pipe(
        tap({
          next: (value) => note(theirs, { kind: 'N', value: value.slice() }),
          error: (error) => note(theirs, { kind: 'E', error }),
          complete: () => note(theirs, { kind: 'C' }),
        }),
      ),
      write(chunk, done) {
        note(ours, { kind: 'N', value: chunk.slice() });
        wire.write(chunk, done);
      },
      pause: () => wire.pause(),
      resume: () => wire.resume(),
      end(done) {
        note(ours, { kind: 'C' });
        wire.end(done);
      },
      destroy(options) {
        const said = ours.marks.at(-1)?.notification.kind ?? 'N';
        if (said === 'N') note(ours, options?.reset ? { kind: 'E', error: 'reset' } : { kind: 'C' });
        wire.destroy(options);
      },
    };
  }

  const through = (wires$: Observable<Wire>, accepted: boolean) =>
    new Observable<Wire>((subscriber) =>
      wires$.subscribe({
        next: (wire) => subscriber.next(recorded(wire, accepted)),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    );

  const scene = (title?: string): Scene => {
    const from = Math.min(...rows.flatMap(({ marks }) => marks.slice(0, 1).map(({ frame }) => frame)));
    const shifted = rows.map((row) => ({
      ...row,
      marks: piecesOf(row).map(({ frame, notification }) => ({ frame: frame - from, notification })),
    }));
    return { ...(title === undefined ? {} : { title }), rows: shifted };
  };

  return {
    observable(name, source) {
      return new Observable((subscriber) => {
        const row = rowOf(name, 'received');
        return source
          .pipe(
            tap({
              next: (value) => note(row, { kind: 'N', value: isObservable(value) ? 'an Observable' : value }),
              error: (error) => note(row, { kind: 'E', error }),
              complete: () => note(row, { kind: 'C' }),
            }),
          )
          .subscribe(subscriber);
      });
    },
    transport: (transport) => ({
      listen: (address, options) => through(transport.listen(address, options), true),
      dial: (address, options) => through(transport.dial(address, options), false),
    }),
    scene,
    text: (title) => drawScene(scene(title)),
    get truncated() {
      return truncated;
    },
    spec(options) {
      if (truncated)
        throw new RangeError(
          'The beginning of this recording is gone: record with a larger maxMarks or maxBytes',
        );
      return specOf(
        wires.filter(({ accepted }) => accepted),
        options,
      );
    },
  };
}

/** What went over a wire in one millisecond is one piece. */
const piecesOf = ({ kind, marks }: Row): readonly Timed[] => (kind === 'wire' ? byFrame(marks) : marks);

const weightOf = (notification: Timed['notification']): number =>
  notification.kind === 'N' && notification.value instanceof Uint8Array ? notification.value.length : 0;

/** A file that replays the accepted conversations: what the peers said when they said it, and what they are to hear, whenever that is. */
function specOf(
  wires: readonly RecordedWire[],
  { title = 'goes as it was recorded', imports, server }: SpecOptions,
): string {
  const zero = Math.min(0, ...wires.map(({ theirs }) => theirs.marks[0]?.frame ?? 0));
  const start = Math.min(
    ...wires.flatMap(({ theirs }) => theirs.marks.slice(0, 1).map(({ frame }) => frame)),
    Number.MAX_SAFE_INTEGER,
  );
  const peers = wires.map(({ theirs, ours }, index) => {
    const name = `peer${index + 1}`;
    return [
      `    const ${name} = peer('server:1').sends(${quoted(diagramOfBytes(theirs.marks, start + zero))});`,
      `    expectBytes(${name}, { anytime: true }).toBe(${quoted(diagramOfBytes(ours.marks, ours.marks[0]?.frame ?? 0))});`,
    ].join('\n');
  });
  return [
    "import { marbles } from 'rx-tinyproto/testing';",
    "import { test } from 'vitest';",
    imports.trim(),
    '',
    'test(',
    `  ${quoted(title)},`,
    '  marbles(({ listen, run, peer, expectBytes }) => {',
    `    run(${server});`,
    ...peers,
    '  }),',
    ');',
    '',
  ].join('\n');
}

/** Bytes as they are, with nothing left out. */
function diagramOfBytes(marks: readonly Timed[], start: number): string {
  let free = start;
  let diagram = '';
  for (const { frame, notification } of byFrame(marks)) {
    const at = Math.max(frame, free);
    diagram += wait(at - free) + tokenOf(notification);
    free = at + 1;
  }
  return diagram.trim();
}

function tokenOf(notification: Timed['notification']): string {
  if (notification.kind === 'C') return '|';
  if (notification.kind === 'E') return '#';
  const value = notification.value as Uint8Array;
  const shown = show(value, value.length);
  return shown.startsWith("'") && !shown.includes('"') ? shown : `<${hexOf(value)}>`;
}

const quoted = (text: string) => (text.includes("'") ? `"${text}"` : `'${text}'`);
