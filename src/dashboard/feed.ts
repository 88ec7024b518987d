import { asyncScheduler, defer, interval, map, type Observable, type SchedulerLike } from 'rxjs';
import type { Closed, Connection } from '../connection/connection.js';
import type { ServerEvent } from '../server/events.js';
import { recordedConnection } from '../testing/record-connection.js';
import { formatAddress } from '../transport/address.js';
import type { Batch, Mark, MarkKind } from './batch.js';
import { excerpts } from './excerpts.js';

/** What a dashboard knows of a server. */
export interface Feed {
  /** A connection in place of another, whose messages are noted. */
  watched<In, Out>(connection: Connection<In, Out>): Connection<In, Out>;
  happened(event: ServerEvent): void;
  readonly batches$: Observable<Batch>;
}

/** A connection that is open. */
interface Row {
  readonly row: number;
  readonly name: string;
  /** Its messages in the batch that is being made, and whether the last of them is among the marks. */
  batch: number;
  messages: number;
  shown: boolean;
  /** What its marks have begun, and not ended yet: held, paused. */
  readonly begun: Set<MarkKind>;
}

type Any = Connection<unknown, never>;

const everyMs = 100;
/** Every so many batches the names of all open rows are told. */
const rollCall = 10;
/** For each message that may be told, so many other marks: how long it was held, and who comes and goes. */
const othersForEach = 3;

/** Which row of a recording says what. */
const kinds: Readonly<Record<string, 'in' | 'out'>> = { messages: 'in', sends: 'out' };
/** What ends what. */
const beginnings: Readonly<Partial<Record<MarkKind, MarkKind>>> = { free: 'held', open: 'paused' };

/**
 * Notes what happens, samples it, and tells it in batches. Of the messages of a batch each row has its fair share; the rest is counted. Whatever happens, a batch is bounded,
 * also one that nobody asks for.
 */
export function feed(marksPerSecond: number, scheduler: SchedulerLike = asyncScheduler): Feed {
  const start = scheduler.now();
  const open = new Map<string, Row>();
  const counts = { open: 0, in: 0, out: 0, errors: 0 };
  const excerpt = excerpts();
  const perBatch = Math.max(1, Math.round((marksPerSecond * everyMs) / 1_000));
  let rows = 0;
  let batches = 0;
  let told = 0;
  let skipped = 0;
  let marks: Mark[] = [];
  let names: Record<number, string> = {};

  function opened({ id, remote }: Any): void {
    if (open.has(id)) return;
    const row = rows++;
    // The callers of a Unix socket have no address of their own.
    const name = 'path' in remote ? `${remote.path || 'caller'} ${row + 1}` : formatAddress(remote);
    const made = { row, name, batch: batches, messages: 0, shown: false, begun: new Set<MarkKind>() };
    open.set(id, made);
    counts.open = open.size;
    mark(made, 'opened');
  }

  function closed({ id }: Any, { by, handlerError, error = handlerError }: Closed): void {
    const row = open.get(id);
    if (!row) return;
    open.delete(id);
    counts.open = open.size;
    if (error !== undefined) counts.errors++;
    const how = error === undefined ? `by ${by === 'peer' ? 'the peer' : 'us'}` : noteOf(error);
    mark(row, error === undefined ? 'closed' : 'error', { note: how });
  }

  function mark({ row, name }: Row, kind: MarkKind, rest: Partial<Mark> = {}): boolean {
    if (kind !== 'in' && kind !== 'out' && marks.length - told >= perBatch * othersForEach) return false;
    names[row] = name;
    marks.push({ row, at: Math.round(scheduler.now() - start), kind, ...rest });
    return true;
  }

  function message(row: Row, kind: 'in' | 'out', value: unknown): void {
    if (row.batch !== batches) Object.assign(row, { batch: batches, messages: 0 });
    const hasShare = row.messages++ < Math.max(1, perBatch / Math.max(1, open.size));
    // Who says much among many who are quiet is shown whole; from half of the room on, each has a share.
    const hasRoom = told < perBatch / 2 || (hasShare && told < perBatch);
    row.shown = hasRoom && mark(row, kind, excerpt.of(value));
    if (row.shown) told++;
    else skipped++;
  }

  /** Of a message that is not shown, its holding is not shown either; what has begun is ended, whatever comes. */
  function flow(row: Row, kind: MarkKind): void {
    const began = beginnings[kind];
    if (began) {
      if (row.begun.delete(began)) mark(row, kind);
    } else if (kind === 'paused' || row.shown) {
      if (mark(row, kind)) row.begun.add(kind);
    }
  }

  /** A connection may have ended, and what had come before be read only then: it has no row any more, and counts all the same. */
  function noted(row: Row | undefined, what: string, value: unknown): void {
    const kind = kinds[what];
    const isFailure = kind && value instanceof Error;
    if (kind) counts[isFailure ? 'errors' : kind]++;
    if (!row) return;
    if (isFailure) mark(row, 'failed', { note: noteOf(value) });
    else if (kind) message(row, kind, value);
    else if (what === 'held' || what === 'room') flow(row, value as MarkKind);
  }

  function batch(): Batch {
    const everybody = batches++ % rollCall === 0;
    for (const { row, name } of everybody ? open.values() : []) names[row] = name;
    const now = Math.round(scheduler.now() - start);
    const made = { began: start, now, names, everybody, marks, skipped, counts: { ...counts } };
    excerpt.renew();
    [names, marks, told, skipped] = [{}, [], 0, 0];
    return made;
  }

  return {
    watched(connection) {
      opened(connection);
      const watched = recordedConnection(connection, (what, _, notification) => {
        if (notification.kind === 'N') noted(open.get(connection.id), what, notification.value);
      });
      connection.closed$.subscribe((how) => closed(connection, how));
      return watched;
    },
    happened(event) {
      if (event.type === 'opened') opened(event.connection);
      else if (event.type === 'closed') closed(event.connection, event.closed);
      else if (event.type === 'failed' || event.type === 'refused') counts.errors++;
    },
    // What was noted while nobody asked is long ago.
    batches$: defer(() => {
      batch();
      return interval(everyMs, scheduler).pipe(map(batch));
    }),
  };
}

const longestNote = 500;

function noteOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.length > longestNote ? `${text.slice(0, longestNote)}…` : text;
}
