import { asyncScheduler, interval, map, type Observable, type SchedulerLike } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import type { ServerEvent } from '../server/events.js';
import { hexOf } from '../testing/bytes.js';
import { recordedConnection } from '../testing/record-connection.js';
import { formatAddress } from '../transport/address.js';
import type { Batch, Mark, MarkKind } from './batch.js';

/** What a dashboard knows of a server. */
export interface Feed {
  /** A connection in place of another, whose messages are noted. */
  watched<In, Out>(connection: Connection<In, Out>): Connection<In, Out>;
  happened(event: ServerEvent): void;
  readonly batches$: Observable<Batch>;
}

const everyMs = 100;
/** So many bytes of a message are shown. */
const shownBytes = 64;
/** Every so many batches the names of all open rows are told. */
const rollCall = 10;

/** Which row of a recording says what. */
const kinds: Readonly<Record<string, MarkKind>> = { messages: 'in', sends: 'out' };

/** Notes what happens, samples it, and tells it in batches. Of the messages of a batch each row has its fair share; the rest is counted. */
export function feed(marksPerSecond: number, scheduler: SchedulerLike = asyncScheduler): Feed {
  const start = scheduler.now();
  const open = new Map<string, { readonly row: number; readonly name: string }>();
  const counts = { open: 0, in: 0, out: 0, errors: 0 };
  let rows = 0;
  let batches = 0;
  let marks: Mark[] = [];
  let names: Record<number, string> = {};
  let skipped = 0;
  let noted = new Map<number, number>();

  const perBatch = (marksPerSecond * everyMs) / 1_000;

  function rowOf({ id, remote }: Connection<unknown, never>) {
    const known = open.get(id);
    if (known) return known;
    const row = { row: rows++, name: formatAddress(remote) };
    open.set(id, row);
    return row;
  }

  function mark(connection: Connection<unknown, never>, kind: MarkKind, rest: Partial<Mark> = {}): void {
    const { row, name } = rowOf(connection);
    names[row] = name;
    marks.push({ row, at: Math.round(scheduler.now() - start), kind, ...rest });
  }

  function message(connection: Connection<unknown, never>, kind: 'in' | 'out', value: unknown): void {
    counts[kind]++;
    const { row } = rowOf(connection);
    const already = noted.get(row) ?? 0;
    noted.set(row, already + 1);
    if (already < Math.max(1, perBatch / Math.max(1, open.size))) mark(connection, kind, shown(value));
    else skipped++;
  }

  function failed(connection: Connection<unknown, never>, { message }: Error): void {
    counts.errors++;
    mark(connection, 'failed', { note: message });
  }

  function batch(): Batch {
    const everybody = batches++ % rollCall === 0;
    for (const { row, name } of everybody ? open.values() : []) names[row] = name;
    const now = Math.round(scheduler.now() - start);
    const made = { now, names, marks, skipped, counts: { ...counts } };
    names = {};
    marks = [];
    noted = new Map();
    skipped = 0;
    return made;
  }

  return {
    watched: (connection) =>
      recordedConnection(connection, (row, _, notification) => {
        const value = notification.kind === 'N' ? notification.value : undefined;
        const kind = kinds[row];
        if (kind && value instanceof Error) failed(connection, value);
        else if (kind && notification.kind === 'N') message(connection, kind as 'in' | 'out', value);
        else if (row === 'held' || row === 'room')
          if (value) mark(connection, value as 'held' | 'free' | 'paused' | 'open');
      }),
    happened(event) {
      if (event.type === 'opened') {
        counts.open++;
        mark(event.connection, 'open');
      } else if (event.type === 'closed') {
        const { by, error } = event.closed;
        counts.open--;
        if (error !== undefined) counts.errors++;
        const note = error instanceof Error ? error.message : `by ${by === 'peer' ? 'the peer' : by}`;
        mark(event.connection, error === undefined ? 'closed' : 'error', { note });
        open.delete(event.connection.id);
      } else if (event.type === 'failed' || event.type === 'refused') counts.errors++;
    },
    batches$: interval(everyMs, scheduler).pipe(map(batch)),
  };
}

/** A message as pages see it. What a codec has made of it is shown as text. */
function shown(value: unknown): Partial<Mark> {
  const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(textOf(value));
  return { size: bytes.length, hex: hexOf(bytes.subarray(0, shownBytes)) };
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
