import type { Observable } from 'rxjs';
import type { Frame } from '../framing/framing.js';
import type { Spoken } from './encoder.js';
import type { Sender } from './outbox.js';

/** How a connection turns messages into frames, and takes frames ready made. */
export interface FrameDoor<Out> {
  /** As long as this is the same, or has the same framing and codec, the frame of a message is. */
  readonly spoken: Pick<Spoken<unknown, Out>, 'framing' | 'codec'>;
  /** Throws a `SendError` for a message that cannot be sent. */
  encode(message: Out): Frame;
  /** As `Connection.send`, of the message that the frame was made of. */
  sendFrame(frame: Frame, message: Out): Observable<void>;
  /** Queues a frame at once, for one who sends many and keeps no Observable for each. Absent where there may be another connection below from one to the next. */
  addFrame?(frame: Frame, sender: Sender): void;
  /** Whether another wire may follow the present one: what fails with that is not the end. */
  readonly hasManyWires?: true;
  /** How many messages have begun to go out so far. */
  readonly begunCount: number;
}

/** Where a connection has its door for frames, so that a message for many is encoded once for all that share its framing and codec. */
export const frames = Symbol('frames');

/** The door for frames of a connection; one that somebody else made has none. */
export function frameDoor<Out>(connection: object): FrameDoor<Out> | undefined {
  return (connection as { [frames]?: FrameDoor<Out> })[frames];
}
