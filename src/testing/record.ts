import { asyncScheduler, isObservable, Observable, type SchedulerLike, tap } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { limit } from '../framing/limits.js';
import { formatAddress } from '../transport/address.js';
import { type Ear, overheard } from '../transport/overheard.js';
import type { Transport, Wire } from '../transport/transport.js';
import type { Timed } from './diagram.js';
import { drawScene } from './draw.js';
import { byFrame } from './raw-peer.js';
import { recordedConnection } from './record-connection.js';
import { type Noted, type RecordedWire, type SpecOptions, specOf } from './record-spec.js';
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
  /**
   * Notes what passes on a connection: its messages, how long each was held, its sends when they are taken, its room, its end. Use what comes back in its place. It
   * reads when the connection is read, and not by itself.
   */
  connection<In, Out>(connection: Connection<In, Out>, name?: string): Connection<In, Out>;
  /** Notes the bytes of all wires of a transport, in both directions: give it to `listen` or `connect` in its place. */
  transport(transport: Transport): Transport;
  /** What was noted so far, from the first mark that is kept. */
  scene(title?: string): Scene;
  /** As text, with its key. */
  text(title?: string): string;
  /** Whether marks had to go. */
  readonly truncated: boolean;
  /**
   * The conversations as a spec, which plays the peers' part and expects what our side said: those of a server that was recorded, or of a client. `writeSpec` of
   * `rx-tinyproto/node` writes it to a file.
   */
  spec(options: SpecOptions): string;
}

type MutableRow = Row & { readonly marks: Noted[] };
type LiveWire = RecordedWire & { readonly theirs: MutableRow; readonly ours: MutableRow };

/** Records what lives: Observables, connections, whole servers. Bounded: of what is long ago, nothing is kept. */
export function record({
  maxMarks = 10_000,
  maxBytes = 16 * 1_024 * 1_024,
  scheduler = asyncScheduler,
}: RecordOptions = {}): Recording {
  limit('maxMarks', maxMarks, 1);
  limit('maxBytes', maxBytes, 1);
  const rows: MutableRow[] = [];
  const wires: LiveWire[] = [];
  const order: MutableRow[] = [];
  const start = scheduler.now();
  let first = 0;
  let bytes = 0;
  let truncated = false;
  let turn = 0;

  const now = () => Math.round(scheduler.now() - start);

  function rowOf(name: string, kind: Row['kind']): MutableRow {
    const row: MutableRow = { name, kind, marks: [] };
    rows.push(row);
    return row;
  }

  function note(row: MutableRow, notification: Timed['notification']): void {
    row.marks.push({ frame: now(), notification, turn: turn++ });
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

  function wireRows(wire: Wire, accepted: boolean): LiveWire {
    const name = formatAddress(accepted ? wire.remote : wire.local) || `wire ${wires.length + 1}`;
    const [to, from] = accepted ? ['→', '←'] : ['←', '→'];
    const theirs = rowOf(`${name} ${to}`, 'wire');
    const made = { accepted, frame: now(), theirs, ours: rowOf(`${name} ${from}`, 'wire') };
    wires.push(made);
    return made;
  }

  function ear(wire: Wire, accepted: boolean): Ear {
    const { theirs, ours } = wireRows(wire, accepted);
    return {
      bytes: {
        next: (value) => note(theirs, { kind: 'N', value: new Uint8Array(value) }),
        error: (error) => note(theirs, { kind: 'E', error }),
        complete: () => note(theirs, { kind: 'C' }),
      },
      write: (bytes) => note(ours, { kind: 'N', value: new Uint8Array(bytes) }),
      end: () => note(ours, { kind: 'C' }),
      destroy(options) {
        const isOpen = [ours, theirs].every(({ marks }) => marks.at(-1)?.notification.kind !== 'E');
        if (isOpen && ours.marks.at(-1)?.notification.kind !== 'C')
          note(ours, options?.reset ? { kind: 'E', error: 'reset' } : { kind: 'C' });
      },
    };
  }

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
    connection: (connection, name = formatAddress(connection.remote)) =>
      recordedConnection(connection, (row, kind, notification) => {
        const full = `${name} ${row}`;
        note(rows.find((each) => each.name === full) ?? rowOf(full, kind), notification);
      }),
    transport: (transport) => overheard(transport, (wire, from) => ear(wire, from === 'accepted')),
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
      return specOf(wires, options);
    },
  };
}

/** What went over a wire in one millisecond is one piece. */
const piecesOf = ({ kind, marks }: Row): readonly Timed[] => (kind === 'wire' ? byFrame(marks) : marks);

const weightOf = (notification: Timed['notification']): number =>
  notification.kind === 'N' && notification.value instanceof Uint8Array ? notification.value.length : 0;
