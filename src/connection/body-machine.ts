import { WireError } from '../errors.js';
import type { Gate } from '../flow/hold.js';
import type {
  FramingGrants,
  FramingMachine,
  FramingPort,
  StreamingMachine,
  StreamingPort,
  Wait,
} from '../framing/framing.js';
import type { FramingTalk } from '../outbox/frame.js';
import type { Outbox } from '../outbox/outbox.js';
import { queueFrames } from '../outbox/queue-frames.js';
import type { DrawnBody } from '../outbox/way-out.js';
import type { Body } from './body.js';
import { IncomingBodies } from './incoming-bodies.js';

/** What bodies need of their connection. */
export interface BodiesHost extends FramingPort {
  readonly out: Outbox;
  destroy(): void;
  error(error: unknown): void;
}

/** The messages of a connection as bodies, both ways: a machine over one that carries them in parts. */
export class BodyMachine implements FramingMachine<Body>, StreamingPort {
  readonly #machine: StreamingMachine;
  readonly #port: BodiesHost;
  readonly #incoming: IncomingBodies;
  /** The one of ours that is on its way. */
  #drawing: DrawnBody | undefined;

  constructor(open: (port: StreamingPort) => StreamingMachine, port: BodiesHost) {
    this.#port = port;
    queueFrames(port);
    this.#machine = open(this);
    this.#incoming = new IncomingBodies(this.#machine, port);
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
  fails(
    error: unknown = new WireError('reset', 'The connection was closed inside the body'),
    cuts = false,
  ): void {
    if (cuts) this.#incoming.cut(error);
    else this.#incoming.end(error);
  }

  // --- what goes

  /** Writes what has come of a body of ours, as far as there is room. Returns whether more may happen now: it is whole, or cannot be. */
  write(): boolean {
    const { out } = this.#port;
    const cause = out.broken;
    // The peer waits for the rest of it, and takes whatever comes for that.
    if (cause) this.#port.error(new WireError('reset', 'A body of ours broke off', { cause }));
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

  /** The peer hears no more of the body that is on its way to it. */
  drawNoMore(): void {
    this.#drawing = undefined;
  }

  // --- what the machine asks: StreamingPort

  writeBody(): void {
    this.#drawing = this.#port.out.beginBody();
  }

  get out(): Outbox {
    return this.#port.out;
  }

  get settings(): FramingPort['settings'] {
    return this.#port.settings;
  }

  get traffic(): FramingPort['traffic'] {
    return this.#port.traffic;
  }

  get held(): number {
    return this.#port.held;
  }

  get grants(): FramingGrants | undefined {
    return this.#port.grants;
  }

  destroy(): void {
    this.#port.destroy();
  }

  ready(): void {
    this.#port.ready();
  }

  fail(error: unknown, reset?: boolean): void {
    this.#port.fail(error, reset);
  }

  await(wait: Wait, ms?: number): void {
    this.#port.await(wait, ms);
  }

  turn(): void {
    this.#port.turn();
  }
}
