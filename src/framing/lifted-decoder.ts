import { defer, type OperatorFunction, Subject } from 'rxjs';
import { ChunkQueue } from '../bytes/chunk-queue.js';
import { ProtocolError } from '../errors.js';
import type { Decoder } from './decoder.js';
import { malformed, tooLarge } from './faults.js';

export interface LiftedLimits {
  readonly maxMessageBytes: number;
  readonly maxSilentBytes: number;
}

/** An operator as a decoder: it is given a chunk when everything that it made of those before is read. */
export class LiftedDecoder implements Decoder {
  readonly #chunks = new ChunkQueue();
  readonly #messages = new ChunkQueue();
  readonly #source = new Subject<Uint8Array>();
  readonly #decode: OperatorFunction<Uint8Array, Uint8Array>;
  readonly #limits: LiftedLimits;
  readonly #wake: () => void;
  #state: 'fresh' | 'running' | 'ending' | 'done' = 'fresh';
  /** Whether the operator is at work, so that it may emit. */
  #inside = false;
  #failure: ProtocolError | undefined;
  /** What the operator took since its last message. */
  #silentBytes = 0;

  constructor(decode: OperatorFunction<Uint8Array, Uint8Array>, limits: LiftedLimits, wake: () => void) {
    this.#decode = decode;
    this.#limits = limits;
    this.#wake = wake;
  }

  get unreadBytes(): number {
    return this.#chunks.unreadBytes + this.#messages.unreadBytes;
  }

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }

  read(): Uint8Array | undefined {
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message;
      if (this.#failure) throw this.#failure;
      const chunk = this.#chunks.shift();
      if (chunk === undefined) return undefined;
      this.#feed(chunk);
    }
  }

  end(): void {
    if (this.#state === 'fresh') this.#start();
    this.#state = 'ending';
    this.#run(() => this.#source.complete());
    if (!this.#isDone()) this.#fault('the decoding operator has not completed with its source');
  }

  /** What the operator has taken it keeps. */
  rest(): readonly Uint8Array[] {
    if (this.#state !== 'fresh') {
      throw new TypeError('a framing made of operators cannot give back bytes that they have taken');
    }
    return this.#chunks.rest();
  }

  #start(): void {
    this.#state = 'running';
    this.#run(() => {
      defer(() => this.#source.pipe(this.#decode)).subscribe({
        next: (message) => this.#emitted(message),
        error: (error) => this.#failed(error),
        complete: () => this.#completed(),
      });
    });
  }

  #feed(chunk: Uint8Array): void {
    if (this.#state === 'fresh') this.#start();
    this.#silentBytes += chunk.length;
    this.#run(() => this.#source.next(chunk));
    const { maxMessageBytes, maxSilentBytes } = this.#limits;
    if (this.#silentBytes > maxSilentBytes) this.#failure ??= tooLarge(maxMessageBytes);
  }

  #run(work: () => void): void {
    this.#inside = true;
    work();
    this.#inside = false;
  }

  #isDone(): boolean {
    return this.#state === 'done';
  }

  #emitted(message: Uint8Array): void {
    if (!this.#inside)
      this.#late('the decoding operator emits later than in the call that gave it the bytes');
    if (this.#failure) return;
    this.#silentBytes = 0;
    const { maxMessageBytes } = this.#limits;
    if (!(message instanceof Uint8Array)) this.#fault('the decoding operator emits what is no Uint8Array');
    else if (message.length > maxMessageBytes) this.#failure = tooLarge(maxMessageBytes);
    else this.#messages.push(message);
  }

  #failed(error: unknown): void {
    const ours = error instanceof ProtocolError;
    this.#failure ??= ours ? error : malformed('the decoding operator failed', { cause: error });
    if (!this.#inside) this.#wake();
  }

  #completed(): void {
    if (!this.#inside) this.#late('the decoding operator completes later than its source');
    else if (this.#state !== 'ending') this.#fault('the decoding operator completed before its source');
    this.#state = 'done';
  }

  /** Nobody has called, so nobody would see it: has itself asked. */
  #late(what: string): void {
    this.#fault(what);
    this.#wake();
  }

  /** The programmer's doing, and so that it can be told from what a peer does, with a `TypeError` as its cause. */
  #fault(what: string): void {
    this.#failure ??= malformed(what, { cause: new TypeError(what) });
  }
}
