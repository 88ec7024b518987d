import { BehaviorSubject, defer, map, Observable, Subject, type Subscriber } from 'rxjs';
import { claim } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';
import { positive } from '../connection/options.js';
import { WireError } from '../errors.js';
import { type Envelope, envelope, type Parcel } from './envelope.js';
import { type Member, type MemberLimits, member, type OnSlow } from './member.js';
import { outcomes } from './outcomes.js';
import { replayLog } from './replay-log.js';
import type { Audience, BroadcastOptions, Dropped, Room, SendOptions } from './room.js';

/** A room, and the way into it for messages that came in an envelope. */
export interface LocalRoom<T> extends Room<T> {
  readonly limits: MemberLimits;
  /** As `send`, in two steps: queues it for the members now, or throws; gives what hands it over when subscribed. What is queued meanwhile comes behind. */
  queue(each: Envelope<T>, where?: SendOptions<T>): Observable<void>;
}

/** What `broadcast` is, and what a room that spans processes has in each of them. */
export function localRoom<T>(options: BroadcastOptions = {}): LocalRoom<T> {
  const limits = limitsOf(options);
  const seats = new Map<Connection<unknown, T>, Seat<T>>();
  const connections = new Set<Connection<unknown, T>>();
  const members = new BehaviorSubject<ReadonlySet<Connection<unknown, T>>>(connections);
  const dropped = new Subject<Dropped<T>>();
  const log = replayLog<T>(options.replay ?? 0, limits);
  const sent = outcomes();
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
    const away = (message: T) => drop(connection, message, 'away');
    const seat = { member: member(connection, limits, { refused, away, gone }), joined };
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
    const seated = to ? [...new Set(listed(to))].flatMap((one) => seats.get(one) ?? []) : [...seats.values()];
    const wanted = seated.map(({ member }) => member);
    const unwanted = except && new Set(listed(except));
    return unwanted ? wanted.filter(({ connection }) => !unwanted.has(connection)) : wanted;
  };

  /** First all are queued, then all are pumped: what somebody sends from inside comes behind, for everybody. */
  const queue = (each: Envelope<T>, where: SendOptions<T> = {}) => {
    const all = addressed(where);
    const parcels = all.map(({ connection }) => each.parcelFor(connection));
    const given = all.map((one, index) => one.push(parcels[index] as Parcel<T>));
    if (!where.to) log.add(each, where.except ? new Set(listed(where.except)) : undefined);
    return handOver(all, given);
  };

  const handOver = (all: readonly Member<T>[], given: readonly ReturnType<Member<T>['push']>[]) =>
    new Observable<void>((subscriber) => {
      all.forEach((one, index) => {
        const way = given[index];
        if (way === 'too-slow') one.connection.destroy(tooSlow());
        else if (way) for (const { message } of way) drop(one.connection, message, 'slow');
        one.pump();
      });
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
      if (missing === 0) sent(all.length, done);
    });

  return {
    limits,
    join,
    queue,
    send: (message, where) => defer(() => queue(envelope(message), where)),
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
