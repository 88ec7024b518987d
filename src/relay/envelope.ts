import { defer, type Observable } from 'rxjs';
import type { Codec } from '../codec/codec.js';
import type { Connection } from '../connection/connection.js';
import { type FrameDoor, frameDoor, sendFrame } from '../connection/frames.js';
import type { SendError } from '../errors.js';
import type { Framing } from '../framing/framing.js';
import type { Frame } from '../outbox/frame.js';
import { shareable } from '../outbox/turns.js';
import type { ManySender } from '../outbox/way-out.js';

/** Larger ones go to the wire as they are. */
const mostCopiedBytes = 16_384;

/** A message on its way to many, as bytes that they share. */
export interface Parcel<T> {
  readonly message: T;
  readonly bytes: number;
  /** Queues it there. */
  sendOn(connection: Connection<unknown, T>, sender: ManySender): void;
}

/** A message for members of any framing: encoded once for all that have the same framing and codec. */
export interface Envelope<T> {
  readonly message: T;
  /** Throws a `SendError` for a message that this connection cannot send. */
  parcelFor(connection: Connection<unknown, T>): Parcel<T>;
}

export function envelope<T>(message: T): Envelope<T> {
  return framedOnce(message, (door) => door.encode(message));
}

/** A message whose bytes are known: members that speak the same codec are sent these, whatever their framing. */
export function sealed<T>(message: T, bytes: Uint8Array, codec: Codec<unknown, T> | undefined): Envelope<T> {
  return framedOnce(message, (door) =>
    door.spoken.codec === codec ? door.spoken.framing.encode(bytes) : door.encode(message),
  );
}

function framedOnce<T>(message: T, encode: (door: FrameDoor<T>) => Frame): Envelope<T> {
  const made = new Map<Framing, Map<Codec<unknown, T> | undefined, Framed<T>>>();
  /** Most speak the same as the one before. */
  let latest: Framed<T> | undefined;
  const parcelFor = (connection: Connection<unknown, T>): Parcel<T> => {
    const door = frameDoor<T>(connection);
    if (!door) return plain(message);
    const { spoken } = door;
    if (latest && isSame(spoken, latest.spoken)) return latest;
    const ofFraming = made.get(spoken.framing) ?? new Map<Codec<unknown, T> | undefined, Framed<T>>();
    latest = ofFraming.get(spoken.codec) ?? framed(message, encode(door), spoken, parcelFor);
    made.set(spoken.framing, ofFraming.set(spoken.codec, latest));
    return latest;
  };
  return { message, parcelFor };
}

/** What the frame of a message is made for. */
type Spoken<T> = FrameDoor<T>['spoken'];

function isSame<T>(one: Spoken<T>, other: Spoken<T>): boolean {
  return one.framing === other.framing && one.codec === other.codec;
}

interface Framed<T> extends Parcel<T> {
  readonly spoken: Spoken<T>;
}

/** A frame is for the framing that it was made for: where another is spoken by the time that it goes, the message goes in that. */
function framed<T>(
  message: T,
  frame: Frame,
  spoken: Spoken<T>,
  parcelFor: Envelope<T>['parcelFor'],
): Framed<T> {
  if (frame.streamed !== undefined) throw new TypeError('A body can be read once: it goes to one connection');
  const bytes = frame.body.length;
  const each = bytes < mostCopiedBytes ? sharedFrame(frame) : frame;
  const sendOn = (connection: Connection<unknown, T>, sender: ManySender) => {
    const door = frameDoor<T>(connection);
    if (!door || !isSame(door.spoken, spoken)) sendAnew(() => parcelFor(connection), connection, sender);
    else if (door.addFrame) door.addFrame(each, sender);
    else tell(sender, () => sendFrame(door, each, message));
  };
  return { message, bytes, spoken, sendOn };
}

function sendAnew<T>(parcel: () => Parcel<T>, connection: Connection<unknown, T>, sender: ManySender): void {
  let anew: Parcel<T>;
  try {
    anew = parcel();
  } catch (error) {
    sender.failed(error as SendError);
    return;
  }
  anew.sendOn(connection, sender);
}

function sharedFrame({ head, body, tail }: Frame): Frame {
  return { head: shareable(head), body: shareable(body), tail: shareable(tail) };
}

/** For a connection of somebody else's making: its bytes are not known. */
function plain<T>(message: T): Parcel<T> {
  const bytes = message instanceof Uint8Array ? message.length : 0;
  return { message, bytes, sendOn: (connection, sender) => tell(sender, () => connection.send(message)) };
}

/** What the sending throws is an error of it. */
function tell(sender: ManySender, send: () => Observable<void>): void {
  defer(send).subscribe({ complete: () => sender.taken(1), error: (error) => sender.failed(error) });
}
