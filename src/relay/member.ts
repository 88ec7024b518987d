import { type Subscription, timer } from 'rxjs';
import { Fifo } from '../bytes/fifo.js';
import type { Connection } from '../connection/connection.js';
import { SendError } from '../errors.js';
import type { ManySender } from '../outbox/way-out.js';
import type { Parcel } from './envelope.js';
import { isCutOff, isGone } from './gone.js';

/**
 * What a room does with a member that does not keep up: ends its connection with `too-slow`, drops the message that waited longest, drops the new one, keeps only
 * the newest, or has the sender wait.
 */
export type OnSlow = 'disconnect' | 'drop-oldest' | 'drop-newest' | 'latest' | 'wait';

export interface MemberLimits {
  readonly maxPendingBytes: number;
  readonly maxPendingMessages: number;
  readonly onSlow: OnSlow;
}

export interface MemberEvents<T> {
  /** The peer, or its connection, would not have a message. */
  refused(message: T): void;
  /** Its connection has no wire for a message at the moment, or lost one with it. */
  away(message: T): void;
  /** The connection takes no more messages. */
  gone(): void;
}

/** One connection in a room: its own queue, its own pace. */
export interface Member<T> {
  readonly connection: Connection<unknown, T>;
  /** Queues a message, and says what gives way to it. Calls nobody: `pump` does. */
  push(parcel: Parcel<T>): readonly Parcel<T>[] | 'too-slow';
  /** Hands over what the connection may have. */
  pump(): void;
  /** Whether what waits is within the bounds. */
  readonly hasRoom: boolean;
  /** Calls back once, when it has room again or has left. */
  whenRoom(room: () => void): void;
  /** Drops what waits. What the connection has goes out. */
  leave(): void;
}

/** What the connection may have at a time: enough to keep it busy, little enough to drop the rest. */
const inHandMessages = 16;
const inHandBytes = 64 * 1_024;
const nothing: readonly never[] = [];

/** Somebody else has filled the connection's queue of sends: when to look again, if nothing of ours tells. */
const lookAgainMs = 20;

/**
 *     push ─▶ waiting (bounded, the policy) ─▶ in hand (16 messages or 64 KiB) ─▶ the connection
 */
export function member<T>(
  connection: Connection<unknown, T>,
  limits: MemberLimits,
  on: MemberEvents<T>,
): Member<T> {
  const waiting = new Fifo<Parcel<T>>();
  const maxInHand = limits.onSlow === 'latest' ? 1 : inHandMessages;
  let roomWanted: (() => void)[] = [];
  let waitingBytes = 0;
  const inHand = new Fifo<Parcel<T>>();
  let bytesInHand = 0;
  /** Being handed over, while nothing else is: what the connection tells meanwhile may make somebody send more. */
  let handing: Parcel<T> | undefined;
  /** Given back, because the connection's own queue was full. */
  let givenBack: Parcel<T> | undefined;
  let lookingAgain: Subscription | undefined;
  let left = false;

  const fits = (bytes: number) =>
    waiting.length < limits.maxPendingMessages &&
    (waiting.length === 0 || waitingBytes + bytes <= limits.maxPendingBytes);

  const take = (): Parcel<T> | undefined => {
    const parcel = waiting.shift();
    waitingBytes -= parcel?.bytes ?? 0;
    return parcel;
  };

  const makeRoom = (bytes: number): readonly Parcel<T>[] => {
    if (waiting.length === 0) return nothing;
    const dropped: Parcel<T>[] = [];
    const all = limits.onSlow === 'latest';
    while (waiting.length > 0 && (all || !fits(bytes))) dropped.push(take() as Parcel<T>);
    return dropped;
  };

  const mayHand = () =>
    !left &&
    !lookingAgain &&
    !handing &&
    inHand.length < maxInHand &&
    (inHand.length === 0 || bytesInHand < inHandBytes);

  const pump = () => {
    while (mayHand()) {
      const parcel = givenBack ?? take();
      givenBack = undefined;
      if (parcel === undefined) break;
      hand(parcel);
    }
    if (hasRoom()) tellRoom();
  };

  const hand = (parcel: Parcel<T>) => {
    handing = parcel;
    parcel.sendOn(connection, sender);
    if (handing === undefined) return;
    handing = undefined;
    inHand.push(parcel);
    bytesInHand += parcel.bytes;
  };

  /** Outcomes come in the order of sending; but what is not even queued is told of while it is handed over. */
  const sender: ManySender = {
    isStream: false,
    taken(messages) {
      for (let taken = 0; taken < messages; taken++) settled();
      pump();
    },
    failed(error) {
      const isPumping = handing !== undefined;
      const parcel = handing ?? settled();
      handing = undefined;
      if (parcel) failed(parcel, error);
      if (!isPumping) pump();
    },
  };

  const settled = () => {
    const parcel = inHand.shift();
    // A connection of somebody else's making may have it while it is handed over.
    if (parcel === undefined) handing = undefined;
    bytesInHand -= parcel?.bytes ?? 0;
    stopLooking();
    return parcel;
  };

  const failed = (parcel: Parcel<T>, error: unknown) => {
    const code = error instanceof SendError ? error.code : undefined;
    if (left) return;
    if (isGone(connection, error)) on.gone();
    else if (isCutOff(error)) on.away(parcel.message);
    else if (code === 'queue-full') lookAgain(parcel);
    else on.refused(parcel.message);
  };

  const lookAgain = (parcel: Parcel<T>) => {
    givenBack = parcel;
    lookingAgain = timer(lookAgainMs).subscribe(() => {
      stopLooking();
      pump();
    });
  };

  const stopLooking = () => {
    lookingAgain?.unsubscribe();
    lookingAgain = undefined;
  };

  const hasRoom = () => waiting.length === 0 || fits(0);

  const tellRoom = () => {
    if (roomWanted.length === 0) return;
    const wanted = roomWanted;
    roomWanted = [];
    for (const tell of wanted) tell();
  };

  return {
    connection,
    push(parcel) {
      const full = !fits(parcel.bytes);
      if (full && limits.onSlow === 'disconnect') return 'too-slow';
      if (full && limits.onSlow === 'drop-newest') return [parcel];
      const dropped = limits.onSlow === 'wait' ? nothing : makeRoom(parcel.bytes);
      waiting.push(parcel);
      waitingBytes += parcel.bytes;
      return dropped;
    },
    pump,
    get hasRoom() {
      return hasRoom();
    },
    whenRoom(room) {
      roomWanted.push(room);
    },
    leave() {
      left = true;
      stopLooking();
      waiting.drain();
      tellRoom();
    },
  };
}
