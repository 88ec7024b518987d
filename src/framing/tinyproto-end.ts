import { ProtocolError } from '../errors.js';
import type { Frame, FramingTalk } from '../outbox/frame.js';
import { queueFrames } from '../outbox/queue-frames.js';
import type { FramingMachine, FramingPort, Wait } from './framing.js';
import type { TinyprotoMachine } from './tinyproto-machine.js';
import type { TinyprotoPort, TinyprotoWait } from './tinyproto-port.js';

/** One end of a connection: the conversation between a connection and its way out. It says when a message is taken, which is more than that it was written. */
export class TinyprotoEnd implements FramingMachine, FramingTalk, TinyprotoPort {
  protected readonly machine: TinyprotoMachine;
  protected readonly port: FramingPort;
  #isOpen = false;
  /** Messages read from a machine that this one has followed: it knows nothing of them. */
  #readBefore: number;
  /** Set while the conversation waits for the road to be quiet: for how long it must have been. */
  #quietMs: number | undefined;
  #isPending = false;

  constructor(open: (port: TinyprotoPort) => TinyprotoMachine, port: FramingPort) {
    this.port = port;
    this.#readBefore = port.held;
    queueFrames(port);
    this.machine = open(this);
  }

  get talk(): FramingTalk {
    return this;
  }

  // --- what comes

  get unreadBytes(): number {
    return this.machine.unreadBytes;
  }

  push(chunk: Uint8Array): void {
    this.machine.receive(chunk);
  }

  read(): Uint8Array | undefined {
    return this.machine.read();
  }

  receiveEnd(): void {
    this.machine.receiveEnd();
    if (!this.#isOpen)
      this.port.fail(
        new ProtocolError('cut-short', 'The peer ended the connection before the opening was done'),
      );
  }

  /** All is said by `receiveEnd`. */
  end(): void {}

  rest(): readonly Uint8Array[] {
    return [this.machine.release()];
  }

  consumed(): void {
    if (this.#readBefore > 0) this.#readBefore--;
    else this.machine.consumed();
  }

  /** The peer is held by the answers that it does not get; the road stays open, since our own come through it. */
  look(_wanted: boolean): boolean {
    return false;
  }

  retry(): void {
    this.machine.retry();
  }

  // --- what goes

  get midFrame(): boolean {
    return this.machine.midFrame;
  }

  get dropped(): { readonly messages: number; readonly bytes: number } {
    return this.machine.dropped;
  }

  start(): void {
    this.machine.start();
  }

  canBegin(stream: boolean): boolean {
    return this.machine.canBegin(stream);
  }

  begin(frame: Frame): void {
    this.machine.begin(frame);
  }

  follow(frame: Frame): boolean {
    return this.machine.follow(frame);
  }

  close(): void {
    this.machine.close();
  }

  tryEnd(): boolean {
    return this.machine.tryEnd();
  }

  progress(pending: boolean): void {
    this.#isPending = pending;
    if (this.#quietMs !== undefined) this.#awaitQuiet(this.#quietMs);
  }

  expired(wait: Wait): void {
    if (wait !== 'message') this.machine.expired(wait);
  }

  /** The road is not quiet while bytes of ours are on it, as far as we can tell. */
  #awaitQuiet(ms: number): void {
    this.port.await('quiet', this.#isPending ? undefined : ms);
  }

  // --- what the conversation asks: TinyprotoPort

  write(bytes: Uint8Array, last: boolean): void {
    this.port.out.write?.(bytes, last);
  }

  opened(): void {
    this.#isOpen = true;
    this.port.ready();
  }

  outcome(of: 'taken' | 'refused'): void {
    this.port.out.outcome?.(of);
  }

  fail(error: ProtocolError, { reset }: { readonly reset: boolean }): void {
    this.port.fail(error, reset);
  }

  await(wait: TinyprotoWait, ms: number): void {
    if (wait !== 'quiet') this.port.await(wait, ms);
    else {
      this.#quietMs = ms;
      this.#awaitQuiet(ms);
    }
  }

  settle(wait: TinyprotoWait): void {
    if (wait === 'quiet') this.#quietMs = undefined;
    this.port.await(wait);
  }

  grant(bytes: number, force: boolean): boolean {
    return this.port.grants?.grant(bytes, force) ?? true;
  }
}
