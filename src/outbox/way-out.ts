import type { Subscriber } from 'rxjs';
import type { Fate, SendError } from '../errors.js';
import type { Awaiting } from '../flow/outcome.js';
import type { Wire } from '../transport/transport.js';
import type { Frame, FramingOut, FramingTalk } from './frame.js';

/** Who sends many messages, and waits for the outcome of each, in order. Told once, never from inside `add`, except of a refusal to queue it. */
export interface ManySender extends Awaiting {
  failed(error: SendError): void;
}

/** Who waits for the outcome of a message; a single one has its subscriber for this. */
export type Sender = ManySender | Subscriber<void>;

/** A body that is not here: it is drawn as the wire takes it. */
export interface DrawnBody {
  /** Opens it, once. Returns whether it has said nothing yet: its frame is to wait. */
  prepare(): boolean;
  /** The next chunk for the wire, if there is one; `last` completes the body. */
  take(): { readonly bytes: Uint8Array; readonly last: boolean } | undefined;
  /** What its sender is told, if it cannot be sent whole. */
  error(fate: Fate): SendError | undefined;
  /** Draws no more. */
  close(): void;
}

/** A frame on its way out. */
export interface OutgoingFrame extends Frame {
  /** Where its body comes from, if that is not in the frame. */
  readonly source?: DrawnBody | undefined;
}

/** What has gone out. */
interface CountsOut {
  bytesOut: number;
  messagesOut: number;
}

/** What a way out knows of the connection that owns it. */
export interface OutOwner {
  out: WayOut;
  readonly wire: Wire;
  readonly machine: { readonly talk?: FramingTalk | undefined };
  readonly gone: boolean;
  /** Whether our FIN is on its way. */
  readonly finSent: boolean;
  /** The bytes that the wire was given, and the messages that were taken: on this connection … */
  readonly traffic: CountsOut;
  /** … and with those of others. By name, and not in one place for all of them: with single messages it would show that the engine does not know the name beforehand. */
  readonly settings: { readonly traffic: CountsOut };
  /** Bytes of ours are on their way, and made progress just now; `false`: none are any more. */
  progress(pending: boolean): void;
  /** Has everything done that has become possible … */
  turn(): void;
  /** … behind the turn of another connection that brings it about. */
  soon(): void;
  /** Nothing more can be written. */
  error(error: unknown): void;
}

/** The way out of a connection: what is sent, until it is taken. What is absent there is nothing to do for; one that frames go through at once has nothing that a `talk` could say. */
export interface WayOut extends Partial<FramingOut> {
  /** Bytes and messages that wait to be sent or taken. */
  readonly bytes: number;
  readonly messages: number;
  /** Messages that were refused so far, and so are no outgoing traffic. */
  readonly refused?: number;
  /** Messages that have not begun. */
  readonly queued?: number;
  /** Takes a message; gives back what takes it out again, while that can be done. */
  add(frame: OutgoingFrame, sender: Sender): (() => void) | undefined;
  /** Takes out what has not begun of a stream. */
  withdrawAll?(stream: ManySender): void;
  /** Begins what may begin. */
  pump?(): void;
  /** Tells of what was taken, in order. */
  settle(): void;
  /** No message will be taken any more. Lists those of which nothing was sent before it tells anybody: who hears of it may ask what has become of the connection. */
  fail(cause: unknown, unsent: Uint8Array[]): void;
  /** Throws a `TypeError` where a message that was framed waits, or is on its way in parts: another framing cannot go on with it. */
  demandIdle?(): void;
  /** FIN behind what was written. */
  end(): void;
  /** Hands over what it has. Returns whether something is left behind. */
  cut?(): boolean;
  /** A turn of the connection begins … */
  enter?(): void;
  /** … and ends: what was written in it goes to the wire. */
  leave?(): void;
  /** Asks for a turn behind that of another connection; returns whether there is one. */
  soon?(): boolean;
}

/** How the wires of a binding are written to. */
export type OpenOut = (owner: OutOwner) => WayOut;
