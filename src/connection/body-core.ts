import { Observable } from 'rxjs';
import type { Framing, FramingMachine } from '../framing/framing.js';
import { streamingMachines } from '../framing/streaming-machines.js';
import type { Frame } from '../outbox/frame.js';
import type { Outbox } from '../outbox/outbox.js';
import type { OutgoingFrame, Sender } from '../outbox/way-out.js';
import { demandBody, type OutgoingBody } from './body.js';
import { bodyFrame } from './body-frame.js';
import { BodyGate } from './body-gate.js';
import { BodyMachine } from './body-machine.js';
import { BodySource } from './body-source.js';
import { HostedCore } from './hosted-core.js';

/** A connection whose messages are bodies, until it goes on in another framing. */
export class BodyCore<In, Out> extends HostedCore<In, Out> {
  override readonly gate = new BodyGate(this);
  /** Whatever the binding, bodies wait in a queue. */
  declare out: Outbox;
  #bodies: BodyMachine | undefined;
  /** Whether it speaks for the first time: behind a swap messages are whole. */
  #isFresh = true;
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
    const { maxQueuedBytes } = this.settings;
    const isWhole = !this.#bodies || message instanceof Uint8Array;
    const source = isWhole
      ? undefined
      : new BodySource(message as unknown as OutgoingBody, maxQueuedBytes, () => this.turn());
    return super.addFrame(source ? { ...frame, source } : frame, sender);
  }

  override addFrame(frame: OutgoingFrame, sender: Sender) {
    if (frame.streamed !== undefined) throw new TypeError('A frame without its body cannot be sent');
    return super.addFrame(frame, sender);
  }

  /** Each of the bodies that are to be drawn needs its message held. */
  override get full(): boolean {
    return super.full || this.out.bodies > 0;
  }

  override close(): Observable<void> {
    return new Observable((subscriber) => {
      const closing = super.close().subscribe(subscriber);
      this.#bodies?.fails(undefined, true);
      return closing;
    });
  }

  protected override speakerOf(framing: Framing): FramingMachine {
    const { streams } = framing;
    const bodies =
      streams && this.#isFresh
        ? new BodyMachine((port) => streams.open(port, streamingMachines), this)
        : undefined;
    this.#isFresh = false;
    this.#bodies = this.gate.bodies = bodies;
    return (bodies as FramingMachine<unknown> as FramingMachine | undefined) ?? super.speakerOf(framing);
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

  protected override loseSends(why: { readonly error: unknown }): void {
    this.#bodies?.drawNoMore();
    super.loseSends(why);
    this.#failBody();
  }

  protected override shut(why?: { readonly error: unknown }, reset?: boolean, cutsMessages?: boolean): void {
    this.#shutting = { error: why?.error, cuts: cutsMessages === true };
    super.shut(why, reset, cutsMessages);
    this.#failBody();
    this.turn();
  }

  /** A body that is still coming hears of the end before `messages$` does. */
  #failBody(): void {
    const { error, cuts } = this.#shutting ?? {};
    if (this.#shutting) this.#bodies?.fails(error, cuts);
  }
}
