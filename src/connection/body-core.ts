import { Observable, type Subscription } from 'rxjs';
import type { Framing, FramingMachine, StreamingPort } from '../framing/framing.js';
import { streamingMachines } from '../framing/streaming-machines.js';
import type { Frame } from '../outbox/frame.js';
import type { Outbox } from '../outbox/outbox.js';
import { queueFrames } from '../outbox/queue-frames.js';
import type { OutgoingFrame, Sender } from '../outbox/way-out.js';
import { type Body, demandBody, type OutgoingBody } from './body.js';
import { bodyFrame } from './body-frame.js';
import { BodyGate } from './body-gate.js';
import { BodyMachine } from './body-machine.js';
import { BodySource } from './body-source.js';
import type { Failure } from './core.js';
import { HostedCore } from './hosted-core.js';

/** A connection whose messages are bodies, until it goes on in another framing. */
export class BodyCore<In, Out> extends HostedCore<In, Out> implements StreamingPort {
  protected override readonly gate = new BodyGate(this);
  /** Whatever the binding, bodies wait in a queue. */
  declare out: Outbox;
  #bodies: BodyMachine | undefined;
  /** Whether its framing is the first: behind `reframe` messages are whole. */
  #isFresh = true;
  /** Set when it has shut, or is about to. */
  #shutting: { readonly error: unknown; readonly cuts: boolean } | undefined;

  override send(message: Out) {
    if (this.#bodies) demandBody(message);
    return super.send(message);
  }

  override encode(message: Out): Frame {
    return this.#bodies ? bodyFrame(this.spoken.framing, message) : super.encode(message);
  }

  override begin(message: Out, sender: Sender) {
    const frame = this.encode(message);
    const source = this.#sourceOf(message);
    return super.addFrame(source ? { ...frame, source } : frame, sender);
  }

  /** What gives the bytes of a message that are not in its frame. */
  #sourceOf(message: unknown): BodySource | undefined {
    if (!this.#bodies || message instanceof Uint8Array) return undefined;
    return new BodySource(message as OutgoingBody, this.settings.maxQueuedBytes, () => this.turn());
  }

  /** Frames that were made elsewhere, for many: to each its body would have to be given anew. */
  override addFrame(frame: OutgoingFrame, sender: Sender) {
    if (frame.streamed !== undefined) throw new TypeError('A frame without its body cannot be sent');
    return super.addFrame(frame, sender);
  }

  /** Each of the bodies that are to be drawn needs its message held. */
  override get full(): boolean {
    return super.full || this.out.bodies > 0;
  }

  /** A body that is still coming hears of it before `messages$` does, and nothing is delivered in between. */
  override close(): Observable<void> {
    return new Observable((subscriber) => {
      let closing: Subscription | undefined;
      this.turn(() => {
        this.#bodies?.failOpen(undefined, true);
        closing = super.close().subscribe(subscriber);
      });
      return closing;
    });
  }

  protected override uncounted(framing: Framing): FramingMachine<Uint8Array | Body> {
    const isFirst = this.#isFresh;
    this.#isFresh = false;
    this.#bodies = isFirst ? this.#bodiesOf(framing) : undefined;
    this.gate.bodies = this.#bodies;
    return this.#bodies ?? super.uncounted(framing);
  }

  #bodiesOf({ streams }: Framing): BodyMachine | undefined {
    if (!streams) return undefined;
    queueFrames(this);
    return new BodyMachine(streams.open(this, streamingMachines), this);
  }

  /** The turn of the body of the frame begun last has come. */
  writeBody(): void {
    this.#bodies?.draw();
  }

  /** The end waits behind a body that is still coming. */
  protected override isNothingLeft(): boolean {
    return !this.#bodies?.open && super.isNothingLeft();
  }

  protected override pump(): void {
    // What stands behind a body may be a fault: then nothing is written any more.
    if (this.#bodies?.deliver()) {
      this.turn();
      return;
    }
    super.pump();
    if (this.#bodies?.write()) this.turn();
  }

  protected override loseSends(why: Failure): void {
    this.#bodies?.drawNoMore();
    super.loseSends(why);
    this.#failBody();
  }

  protected override shut(why?: Failure, reset?: boolean, cutsMessages?: boolean): void {
    this.#shutting = { error: why?.error, cuts: cutsMessages === true };
    super.shut(why, reset, cutsMessages);
    this.#failBody();
    this.turn();
  }

  /** A body that is still coming hears of the end before `messages$` does. */
  #failBody(): void {
    const { error, cuts } = this.#shutting ?? {};
    if (this.#shutting) this.#bodies?.failOpen(error, cuts);
  }
}
