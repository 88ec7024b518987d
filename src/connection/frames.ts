import { Observable } from 'rxjs';
import type { Frame } from '../outbox/frame.js';
import type { Sender } from '../outbox/way-out.js';
import type { Spoken } from './encoder.js';

/** How a connection turns messages into frames, and takes frames ready made: with `addFrame` or with `sendFrame`. */
export interface FrameDoor<Out> {
  /** As long as this is the same, or has the same framing and codec, the frame of a message is. */
  readonly spoken: Spoken<unknown, Out>;
  /** Throws a `SendError` for a message that cannot be sent. */
  encode(message: Out): Frame;
  /** Queues a frame at once, for one who sends many and keeps no Observable for each. */
  addFrame?(frame: Frame, sender: Sender): (() => void) | undefined;
  /** As `Connection.send`, of the message that the frame was made of: where there may be another connection below from one to the next. */
  sendFrame?(frame: Frame, message: Out): Observable<void>;
  /** Whether another wire may follow the present one: what fails with that is not the end. */
  readonly hasManyWires?: true;
  /** How many messages of ours wait to be sent or taken; and how many were refused so far. */
  readonly out: { readonly messages: number; readonly refused?: number };
}

/** Where a connection has its door for frames, so that a message for many is encoded once for all that share its framing and codec. */
export const frames = Symbol('frames');

/** The door for frames of a connection; one that somebody else made has none. */
export function frameDoor<Out>(connection: object): FrameDoor<Out> | undefined {
  return (connection as { [frames]?: FrameDoor<Out> })[frames];
}

/** As `Connection.send`, of a frame. */
export function sendFrame<Out>(door: FrameDoor<Out>, frame: Frame, message: Out): Observable<void> {
  return (
    door.sendFrame?.(frame, message) ?? new Observable((subscriber) => door.addFrame?.(frame, subscriber))
  );
}
