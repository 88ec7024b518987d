import { asapScheduler, BehaviorSubject, map, Observable, Subject, type Subscriber } from 'rxjs';
import { claim } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';
import { positive } from '../connection/options.js';
import { WireError } from '../errors.js';
import { type Envelope, envelope, type Parcel } from './envelope.js';
import { type Member, type MemberLimits, member, type OnSlow } from './member.js';
import { replayLog } from './replay-log.js';

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
  /** `slow`: it gave way to the bounds. `refused`: the peer, or its framing, would not have it. */
  readonly why: 'slow' | 'refused';
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

/**
 * A room: whatever is sent to it is sent to all who have joined.
 *
 *     joined     a b
 *     send(m)    ----m---n--
 *     a          ----m---n--
 *     b          ----m-----------n      does not read: that delays nobody else
 *
 * A message is encoded once, and its bytes shared, for all members of the same framing and codec. Each member has a queue of its own: `maxPendingBytes` (default
 * 1 MiB) and `maxPendingMessages` (default 1,024), and what happens beyond is `onSlow`: `'disconnect'` destroys its connection with `too-slow`; `'drop-oldest'`,
 * `'drop-newest'` and `'latest'` (which keeps one) drop, and `dropped$` tells; `'wait'` keeps all, and `send` completes when the slowest has room, so a sender that
 * consumes is held. All members are sent the messages in the same order.
 *
 * With `replay`, a newcomer is first sent the last so many that were sent to all, as far as they fit the bounds.
 *
 * @example
 * ```ts
 * import { broadcast, consume, listen, serve, text } from 'rx-tinyproto';
 * import { merge } from 'rxjs';
 *
 * const room = broadcast<string>({ maxPendingBytes: 1 << 20, onSlow: 'disconnect' });
 * listen(8088, { codec: text() })
 *   .pipe(
 *     serve((conn) =>
 *       merge(
 *         room.join(conn),
 *         conn.messages$.pipe(consume((line) => room.send(`[${conn.id}] ${line}`, { except: conn }))),
 *       ),
 *     ),
 *   )
 *   .subscribe();
 * ```
 */
export function broadcast<T>(options: BroadcastOptions = {}): Room<T> {
  const limits = limitsOf(options);
  const seats = new Map<Connection<unknown, T>, Seat<T>>();
  const connections = new Set<Connection<unknown, T>>();
  const members = new BehaviorSubject<ReadonlySet<Connection<unknown, T>>>(connections);
  const dropped = new Subject<Dropped<T>>();
  const log = replayLog<T>(options.replay ?? 0, limits);
  let droppedCount = 0;

  const drop = (connection: Connection<unknown, T>, message: T, why: Dropped<T>['why']) => {
    droppedCount++;
    dropped.next({ connection, message, why });
  };

  const takeSeat = (connection: Connection<unknown, T>): Seat<T> => {
    const joined = new Set<Subscriber<never>>();
    const gone = () => {
      for (const subscriber of joined) subscriber.complete();
    };
    const refused = (message: T) => drop(connection, message, 'refused');
    const seat = { member: member(connection, limits, { refused, gone }), joined };
    seats.set(connection, seat);
    connections.add(connection);
    for (const parcel of log.parcelsFor(connection)) seat.member.push(parcel);
    return seat;
  };

  const leaveSeat = ({ member }: Seat<T>) => {
    seats.delete(member.connection);
    connections.delete(member.connection);
    member.leave();
    members.next(connections);
  };

  const join = (connection: Connection<unknown, T>) =>
    new Observable<never>((subscriber) => {
      claim(connection);
      const present = seats.get(connection);
      const seat = present ?? takeSeat(connection);
      seat.joined.add(subscriber);
      subscriber.add(() => {
        seat.joined.delete(subscriber);
        if (seat.joined.size === 0) leaveSeat(seat);
      });
      subscriber.add(connection.closed$.subscribe(() => subscriber.complete()));
      if (present || subscriber.closed) return;
      members.next(connections);
      seat.member.pump();
    });

  const addressed = ({ to, except }: SendOptions<T>): Member<T>[] => {
    const wanted = to ? listed(to).flatMap((one) => seats.get(one) ?? []) : [...seats.values()];
    const unwanted = except && new Set(listed(except));
    return wanted.map(({ member }) => member).filter(({ connection }) => !unwanted?.has(connection));
  };

  /** First all are queued, then all are pumped: what somebody sends from inside comes behind, for everybody. */
  const sendTo = (all: readonly Member<T>[], each: Envelope<T>) => {
    const parcels = all.map(({ connection }) => each.parcelFor(connection));
    const given = all.map((one, index) => one.push(parcels[index] as Parcel<T>));
    for (const [index, one] of all.entries()) {
      const way = given[index];
      if (way === 'too-slow') one.connection.destroy(tooSlow());
      else for (const { message } of way ?? []) drop(one.connection, message, 'slow');
      one.pump();
    }
  };

  const send = (message: T, where: SendOptions<T> = {}) =>
    new Observable<void>((subscriber) => {
      const all = addressed(where);
      const each = envelope(message);
      sendTo(all, each);
      if (!where.to) log.add(each, where.except ? new Set(listed(where.except)) : undefined);
      const full = limits.onSlow === 'wait' ? all.filter(({ hasRoom }) => !hasRoom) : [];
      let missing = full.length;
      const done = () => {
        subscriber.next();
        subscriber.complete();
      };
      const roomy = () => {
        missing--;
        if (missing === 0) done();
      };
      for (const one of full) one.whenRoom(roomy);
      if (missing === 0) subscriber.add(asapScheduler.schedule(done));
    });

  return {
    join,
    send,
    members$: members.asObservable(),
    size$: members.pipe(map(({ size }) => size)),
    dropped$: dropped.asObservable(),
    get droppedCount() {
      return droppedCount;
    },
  };
}

/** A member, and who has it here. */
interface Seat<T> {
  readonly member: Member<T>;
  readonly joined: Set<Subscriber<never>>;
}

function listed<T>(audience: Audience<T>): readonly Connection<unknown, T>[] {
  return Symbol.iterator in audience ? [...audience] : [audience];
}

function tooSlow(): WireError {
  return new WireError('too-slow', 'The peer took the messages of a room too slowly');
}

function limitsOf({
  maxPendingBytes = 1 << 20,
  maxPendingMessages = 1_024,
  onSlow = 'disconnect',
  replay = 0,
}: BroadcastOptions): MemberLimits {
  positive('maxPendingBytes', maxPendingBytes);
  positive('maxPendingMessages', maxPendingMessages);
  if (!(replay >= 0)) throw new RangeError(`replay is at least 0, not ${replay}`);
  if (!ways.has(onSlow)) throw new TypeError(`onSlow is one of ${[...ways].join(', ')}, not ${onSlow}`);
  return { maxPendingBytes, maxPendingMessages, onSlow };
}

const ways: ReadonlySet<OnSlow> = new Set(['disconnect', 'drop-oldest', 'drop-newest', 'latest', 'wait']);
