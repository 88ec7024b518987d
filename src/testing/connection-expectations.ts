import { isObservable, type Observable, of, type Subscriber, switchMap, tap } from 'rxjs';
import type { Closed, Connection, Flow } from '../connection/connection.js';
import type { ConnectionWatcher } from '../connection/watched.js';
import { type Awaiting, Outcome, type Road } from '../flow/outcome.js';
import { formatAddress } from '../transport/address.js';
import type { Timed, Values } from './diagram.js';
import type { Recorder, ToBe } from './expectations.js';
import { type Site, siteOfCall } from './marble-error.js';
import { same } from './same.js';
import type { VirtualTime } from './virtual-time.js';

/** A connection, or the Observable that will emit it. */
export type ConnectionOrLater<In, Out = never> = Connection<In, Out> | Observable<Connection<In, Out>>;

/** What can be expected of connections. Each takes one, or the Observable that will emit it, which it subscribes to. */
export interface ConnectionExpectations {
  /** Expects what a connection delivers. It reads, as any subscriber of `messages$` does. */
  expectMessages<In>(connection: ConnectionOrLater<In>): ToBe<In>;
  /** Expects the messages that were sent on a connection, each when it is taken; one that is not taken shows as its error, a value. */
  expectSends<Out>(connection: ConnectionOrLater<unknown, Out>): ToBe<Out | Error>;
  /** Expects what becomes of one send: `x` is "taken". */
  expectSend(send: Observable<void>): { toBe(diagram: string, error?: unknown): void };
  /** Expects whether there is room to send: `o` is open, `p` is paused. */
  expectFlow(connection: ConnectionOrLater<unknown>): { toBe(diagram: string): void };
  /** Expects how a connection ends: `u` by us, `p` by the peer, `e` by an error, which can be named. */
  expectClosed(connection: ConnectionOrLater<unknown>): { toBe(diagram: string, error?: unknown): void };
}

interface Made {
  readonly site: Site | undefined;
  subscribed: boolean;
}

export interface Seen {
  readonly name: string;
  readonly connection: Connection<unknown, never>;
  readonly unreadBytes: () => number;
  closed: boolean;
}

export interface ConnectionWatch {
  readonly helpers: ConnectionExpectations;
  readonly watcher: ConnectionWatcher;
  /** Where sends were made that nobody subscribed to. */
  unsubscribed(): readonly (Site | undefined)[];
  /** The connections that are open. */
  open(): readonly Seen[];
  /** The connections that have what nobody has read. */
  unread(): readonly { readonly name: string; readonly bytes: number }[];
}

const flows: Values<Flow> = { o: 'open', p: 'paused' };

export function connectionExpectations(time: VirtualTime, record: Recorder): ConnectionWatch {
  const made: Made[] = [];
  const seen: Seen[] = [];
  const outcomes = new Map<unknown, Timed[]>();
  const roads = new Map<unknown, Road<Watched>>();

  const outcomesOf = (connection: unknown) => {
    const marks = outcomes.get(connection) ?? [];
    outcomes.set(connection, marks);
    return marks;
  };

  const open = () => seen.filter(({ closed }) => !closed);

  const watcher: ConnectionWatcher = {
    opened(connection, unreadBytes) {
      const name = `${formatAddress(connection.local)} with ${formatAddress(connection.remote)}`;
      const entry = { name, connection, unreadBytes, closed: false };
      seen.push(entry);
      connection.closed$.subscribe(() => {
        entry.closed = true;
      });
    },
    made(connection, message, send) {
      // On a connection that is gone, a send can only fail: it is made to be tried, or for another wire.
      const gone = seen.find((each) => each.connection === connection)?.closed ?? false;
      const entry: Made = { site: siteOfCall(), subscribed: gone };
      made.push(entry);
      const note = (value: unknown) =>
        outcomesOf(connection).push({ frame: time.now, notification: { kind: 'N', value } });
      const road = roads.get(connection) ?? watchedRoad();
      roads.set(connection, road);
      const begun = () => {
        entry.subscribed = true;
      };
      return new Outcome(road, { send, begun, taken: () => note(message), failed: note });
    },
  };

  return {
    helpers: {
      expectMessages: (connection) =>
        record.expectObservable(
          later(connection, ({ messages$ }) => messages$),
          null,
          'messages$',
        ),
      expectSends(connection) {
        const marks: Timed[] = [];
        const of = (one: Connection<unknown, never>) => outcomes.set(one, marks);
        if (isObservable(connection)) record.along(connection.pipe(tap(of)));
        else of(connection as Connection<unknown, never>);
        return record.expectRow('sends', marks as Timed<never>[]);
      },
      expectSend: (send) => {
        const { toBe } = record.expectObservable(send, null, 'send');
        return { toBe: (diagram, error) => toBe(diagram, { x: undefined }, error) };
      },
      expectFlow(connection) {
        const { toBe } = record.expectObservable(
          later(connection, ({ flow$ }) => flow$),
          null,
          'flow$',
        );
        return { toBe: (diagram) => toBe(diagram, flows) };
      },
      expectClosed(connection) {
        const { toBe } = record.expectObservable<unknown>(
          later(connection, ({ closed$ }) => closed$),
          null,
          'closed$',
        );
        return {
          toBe: (diagram, error) =>
            toBe(diagram, {
              u: closedBy('us', error),
              p: closedBy('peer', error),
              e: closedBy('error', error),
            }),
        };
      },
    },
    watcher,
    unsubscribed: () => made.filter(({ subscribed }) => !subscribed).map(({ site }) => site),
    open,
    unread: () =>
      open()
        .map(({ name, unreadBytes }) => ({ name, bytes: unreadBytes() }))
        .filter(({ bytes }) => bytes > 0),
  };
}

/** A send, and what is to be noted of it. */
interface Watched {
  readonly send: Outcome;
  begun(): void;
  taken(): void;
  failed(error: unknown): void;
}

/** Where the sends of one connection begin, of which is noted what becomes of them, whether somebody subscribes to each or waits for many, as long as somebody does. */
const watchedRoad = (): Road<Watched> => ({
  begin(watched, who) {
    watched.begun();
    const noting = new Noting(watched, who);
    try {
      const withdraw = watched.send.road.begin(watched.send.message, noting);
      return () => {
        noting.isOver = true;
        withdraw?.();
      };
    } catch (error) {
      watched.failed(error);
      throw error;
    }
  },
});

/** Between a send and who waits for it. */
class Noting implements Awaiting {
  readonly isStream = false;
  /** Nobody waits any more. */
  isOver = false;

  constructor(
    readonly watched: Watched,
    readonly who: Awaiting | Subscriber<void>,
  ) {}

  taken(): void {
    if (this.isOver) return;
    const { watched, who } = this;
    watched.taken();
    if ('isStream' in who) who.taken(1);
    else {
      who.next();
      who.complete();
    }
  }

  failed(error: unknown): void {
    if (this.isOver) return;
    const { watched, who } = this;
    watched.failed(error);
    if ('isStream' in who) who.failed(error);
    else who.error(error);
  }
}

function later<In, R>(
  connection: ConnectionOrLater<In>,
  pick: (connection: Connection<In, never>) => Observable<R>,
): Observable<R> {
  const one$ = isObservable(connection) ? connection : of(connection);
  return one$.pipe(switchMap(pick));
}

/** Any `Closed` of this kind, and with this error if one is named. */
function closedBy(by: Closed['by'], error: unknown) {
  return {
    asymmetricMatch: (closed: Closed | undefined) =>
      closed?.by === by && (error === undefined || same(closed.error, error)),
    toJSON: () => (error === undefined ? { by } : { by, error }),
  };
}
