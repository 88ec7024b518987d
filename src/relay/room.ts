import type { Observable } from 'rxjs';
import type { Connection } from '../connection/connection.js';
import type { OnSlow } from './member.js';

/** Options of `broadcast`: what each member may have waiting, and what newcomers are sent. */
export interface BroadcastOptions {
  /** Bytes of messages that may wait for one member, besides up to 64 KiB that its connection has; one message alone may be larger. @default 1 MiB */
  readonly maxPendingBytes?: number;
  /** Messages that may wait for one member, besides up to 16 that its connection has. @default 1,024 */
  readonly maxPendingMessages?: number;
  /** What becomes of a member for which more would have to wait. @default 'disconnect' */
  readonly onSlow?: OnSlow;
  /** How many of the last messages a newcomer is sent first. @default 0 */
  readonly replay?: number;
}

/** One connection, or some. */
export type Audience<T> =
  | Connection<unknown, T>
  | readonly Connection<unknown, T>[]
  | ReadonlySet<Connection<unknown, T>>;

/** To whom a message of a room goes; without any, to all. */
export interface SendOptions<T> {
  /** Who is sent nothing. */
  readonly except?: Audience<T>;
  /** Who alone is sent it, as far as they are members. It is not replayed to newcomers. */
  readonly to?: Audience<T>;
}

/** A message that a member was not sent. */
export interface Dropped<T> {
  readonly connection: Connection<unknown, T>;
  readonly message: T;
  /**
   * `slow`: it gave way to the bounds. `refused`: the peer, or its framing, would not have it. `away`: the member, over `reconnect`, had no wire, or lost the one that it was on and
   * that may have had it.
   */
  readonly why: 'slow' | 'refused' | 'away';
}

/** What connections join, to be sent what is sent to all. */
export interface Room<T> {
  /** Makes a connection a member for as long as it is subscribed. Emits nothing, never errors, completes when the connection has closed or takes no more messages. */
  join(connection: Connection<unknown, T>): Observable<never>;
  /**
   * Sends a message to all members, or to some, when subscribed. Emits once and completes in a later task: when it is queued for each, or, with `onSlow: 'wait'`, when
   * each has room for another. Errors with a `SendError`, and sends nothing, if it cannot be encoded. Unsubscribing takes nothing back.
   */
  send(message: T, options?: SendOptions<T>): Observable<void>;
  /** The members, now and whenever one comes or goes: always the same living set. */
  readonly members$: Observable<ReadonlySet<Connection<unknown, T>>>;
  /** How many members there are, now and whenever one comes or goes. */
  readonly size$: Observable<number>;
  /** What members were not sent, as it happens. */
  readonly dropped$: Observable<Dropped<T>>;
  /** How many messages members were not sent so far. */
  readonly droppedCount: number;
}
