import { WireError } from '../errors.js';
import type { Gate } from '../flow/hold.js';
import type { FramingMachine, FramingPort, StreamingMachine, Wait } from '../framing/framing.js';
import type { FramingTalk } from '../outbox/frame.js';
import type { Outbox } from '../outbox/outbox.js';
import type { DrawnBody } from '../outbox/way-out.js';
import type { Body } from './body.js';
import { IncomingBodies } from './incoming-bodies.js';

/** What bodies need of their connection. */
export interface BodiesHost extends Pick<FramingPort, 'fail' | 'turn'> {
  readonly out: Outbox;
  /** Ends it, since nothing more can be said. */
  error(error: unknown): void;
}

/** The messages of a connection as bodies, both ways: a machine over one that carries them in parts. */
export class BodyMachine implements FramingMachine<Body> {
  readonly #machine: StreamingMachine;
  readonly #host: BodiesHost;
  readonly #incoming: IncomingBodies;
  /** The one of ours that is on its way. */
  #drawing: DrawnBody | undefined;

  constructor(machine: StreamingMachine, host: BodiesHost) {
    this.#machine = machine;
    this.#host = host;
    this.#incoming = new IncomingBodies(machine, host);
  }

  get talk(): FramingTalk {
    return this.#machine.talk;
  }

  /** Whether a message is still to be read from the wire. */
  get open(): boolean {
    return this.#incoming.open;
  }

  // --- what comes

  get unreadBytes(): number {
    return this.#machine.unreadBytes;
  }

  push(chunk: Uint8Array): void {
    this.#machine.push(chunk);
  }

  read(): Body | undefined {
    return this.#incoming.read();
  }

  end(): void {
    this.#machine.end();
  }

  rest(): readonly Uint8Array[] {
    if (this.open) throw new TypeError('A body is on its way');
    return this.#machine.rest();
  }

  consumed(): void {
    this.#machine.consumed?.();
  }

  look(wanted: boolean): boolean {
    const isWanted = this.open ? this.#incoming.wanted : wanted;
    return this.#machine.look?.(isWanted) ?? !isWanted;
  }

  expired(wait: Wait): void {
    this.#machine.expired?.(wait);
  }

  willDeliver(message: unknown, gate: Gate): void {
    this.#incoming.readerOf(message as Body)?.willDeliver(gate);
  }

  /** Gives the open body what is here of it, as far as it is wanted. Returns whether it is over, so that the next may be read. */
  deliver(): boolean {
    return this.#incoming.deliver();
  }

  /** No bytes will come any more: the open body fails behind those that are here; or now, with `cuts`. */
  failOpen(
    error: unknown = new WireError('reset', 'The connection was closed inside the body'),
    cuts = false,
  ): void {
    if (cuts) this.#incoming.cut(error);
    else this.#incoming.end(error);
  }

  // --- what goes

  /** Writes what has come of a body of ours, as far as there is room. Returns whether more may happen now: it is whole, or cannot be. */
  write(): boolean {
    const { out } = this.#host;
    const cause = out.broken;
    // The peer waits for the rest of it, and takes whatever comes for that.
    if (cause) this.#host.error(new WireError('reset', 'A body of ours broke off', { cause }));
    while (this.#drawing && out.out.hasRoom) {
      const part = this.#drawing.take();
      if (part === undefined) break;
      out.write(part.bytes, part.last);
      if (!part.last) continue;
      this.#drawing = undefined;
      this.#machine.bodyWritten();
      return true;
    }
    return cause !== undefined;
  }

  /** The turn of the body of the frame begun last has come. */
  draw(): void {
    this.#drawing = this.#host.out.beginBody();
  }

  /** The peer hears no more of the body that is on its way to it. */
  drawNoMore(): void {
    this.#drawing = undefined;
  }
}
