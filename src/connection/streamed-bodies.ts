import { WireError } from '../errors.js';
import type { Gate } from '../flow/hold.js';
import type { Frame, Framing, StreamingMachine, StreamingPort } from '../framing/framing.js';
import { streamingMachines } from '../framing/streaming-machines.js';
import { type Body, demandBody, type OutgoingBody } from './body.js';
import { BodySource } from './body-source.js';
import type { None } from './inbox.js';
import { IncomingBodies } from './incoming-bodies.js';
import type { Outbox } from './outbox.js';

/** What bodies need of their connection. */
export interface BodiesHost extends StreamingPort {
  readonly sends: Outbox;
  /** Something has become possible. */
  turn(): void;
  /** Nothing more can be said. */
  cutOff(error: WireError): void;
}

/** The way a connection goes about messages that are bodies; whoever binds a transport without it has it not in the bundle. */
export interface BodiesKind {
  /** @throws TypeError for options that do not go together with it. */
  demandOptions(framing: Framing, options: { readonly bodies?: unknown; readonly codec?: unknown }): void;
  /** @throws TypeError for what is no message. */
  demand(message: unknown): void;
  /** The frame of a message. Throws a `SendError` for one that cannot be sent. */
  encode(framing: Framing, message: unknown): Frame;
  /** What gives the body of a message, if that is not in its frame. */
  sourceOf(message: unknown, maxQueuedBytes: number, host: BodiesHost): BodySource | undefined;
  /** Absent where the framing cannot carry them. */
  open(framing: Framing, host: BodiesHost): StreamedBodiesOf | undefined;
}

export const streamedBodies: BodiesKind = {
  demandOptions({ name, streams }, { bodies, codec }) {
    if (bodies !== 'stream') throw new TypeError(`bodies is 'stream', or absent, not ${String(bodies)}`);
    if (codec !== undefined)
      throw new TypeError('A codec needs whole messages, and bodies are to be streams');
    if (streams === undefined) throw new TypeError(`${name} cannot carry bodies as streams`);
  },
  demand: demandBody,
  encode(framing, message) {
    demandBody(message);
    if (message instanceof Uint8Array) return framing.encode(message);
    const { size } = message as OutgoingBody;
    return framing.streams && size > 0 ? framing.streams.encode(size) : framing.encode(new Uint8Array(0));
  },
  sourceOf(message, maxQueuedBytes, host) {
    if (message instanceof Uint8Array) return undefined;
    return new BodySource(message as OutgoingBody, maxQueuedBytes, () => host.turn());
  },
  open(framing, host) {
    const machine = framing.streams?.open(host, streamingMachines);
    return machine && new StreamedBodiesOf(machine, host);
  },
};

/** The bodies of one connection, both ways: what comes in, and the one of ours that is on its way, or was when the peer left. */
export class StreamedBodiesOf {
  readonly machine: StreamingMachine;
  readonly #host: BodiesHost;
  readonly #incoming: IncomingBodies;
  #drawing: BodySource | undefined;
  #isCutInside = false;

  constructor(machine: StreamingMachine, host: BodiesHost) {
    this.machine = machine;
    this.#host = host;
    this.#incoming = new IncomingBodies(machine, () => host.turn());
  }

  /** Whether a message is still to be read from the wire. */
  get open(): boolean {
    return this.#incoming.open;
  }

  /** Whether the next part of the open one would be taken now. */
  get wanted(): boolean {
    return this.#incoming.wanted;
  }

  /** Whether one of ours is on its way. */
  get drawing(): boolean {
    return this.#drawing !== undefined;
  }

  /** Whether the peer left inside a body of ours. */
  get isCutInside(): boolean {
    return this.#isCutInside;
  }

  read(): Body | None {
    return this.#incoming.read();
  }

  willDeliver(message: unknown, gate: Gate): void {
    this.#incoming.readerOf(message as Body)?.willDeliver(gate);
  }

  deliver(): void {
    this.#incoming.deliver();
  }

  /** The turn of the body of the frame begun last has come. */
  draw(): void {
    this.#drawing = this.#host.sends.beginBody();
  }

  /** Writes what has come of a body of ours, as far as there is room. Returns whether it is whole, so that more may begin. */
  write(): boolean {
    const host = this.#host;
    const cause = host.sends.broken;
    // The peer waits for the rest of it, and takes whatever comes for that.
    if (cause) host.cutOff(new WireError('reset', 'A body of ours broke off', { cause }));
    while (this.#drawing && host.sends.out.hasRoom) {
      const part = this.#drawing.take();
      if (part === undefined) break;
      host.write(part.bytes, part.last);
      if (!part.last) continue;
      this.#drawing = undefined;
      this.machine.bodyWritten();
      return true;
    }
    return false;
  }

  /** The peer hears no more of the body that is on its way to it. */
  peerEnded(): void {
    this.#isCutInside = this.#drawing !== undefined;
    this.#drawing = undefined;
  }

  /** No bytes will come any more: the open body fails behind those that are here. */
  end(error: unknown): void {
    this.#incoming.end(error);
  }

  /** The open body fails now. */
  cut(error: unknown = new WireError('reset', 'The connection was closed inside the body')): void {
    this.#incoming.cut(error);
  }
}
