import { type ObservableInput, Subscription, takeWhile } from 'rxjs';
import { Fifo } from '../bytes/fifo.js';
import { type Fate, SendError } from '../errors.js';
import { drawnFrom } from '../flow/drawn-from.js';
import { currentDelivery, type Hold } from '../flow/hold.js';
import { reporting } from '../flow/report.js';
import type { DrawnBody } from '../outbox/way-out.js';
import type { OutgoingBody } from './body.js';

/**
 * One body of ours, drawn from its source as there is room. At most one chunk waits here, if the source heeds its hold, else as many as `maxWaitingBytes`.
 *
 * It is opened before its frame begins: a source that fails at once, as a file that is not there, does no harm then. The last chunk is not given away before the
 * source has completed: a body that turns out to be longer than its size is never whole for the peer.
 */
export class BodySource implements DrawnBody {
  readonly size: number;
  readonly #source: ObservableInput<Uint8Array>;
  readonly #maxWaitingBytes: number;
  readonly #changed: () => void;
  readonly #subscription = new Subscription();
  readonly #waiting = new Fifo<Uint8Array>();
  #waitingBytes = 0;
  #came = 0;
  #isComplete = false;
  #isOpen = false;
  #held: Hold | undefined;
  /** Why it cannot be sent whole. */
  #failure: { readonly cause: unknown } | undefined;

  constructor({ size, body$ }: OutgoingBody, maxWaitingBytes: number, changed: () => void) {
    this.size = size;
    this.#source = body$;
    this.#maxWaitingBytes = maxWaitingBytes;
    this.#changed = changed;
  }

  prepare(): boolean {
    if (!this.#isOpen) this.#open();
    return this.#waiting.length === 0 && !this.#isComplete && !this.#failure;
  }

  error(fate: Fate): SendError | undefined {
    const text = 'A streamed body could not be sent whole';
    return this.#failure && new SendError('body-failed', text, { fate, ...this.#failure });
  }

  /** The next chunk for the wire, if there is one, and lets the source go on. */
  take(): ReturnType<DrawnBody['take']> {
    const isLast = this.#waiting.length === 1 && this.#came === this.size;
    if (isLast && !this.#isComplete) return undefined;
    const bytes = this.#waiting.shift();
    if (bytes === undefined) return undefined;
    this.#waitingBytes -= bytes.length;
    if (this.#waiting.length === 0) this.#letGo();
    return { bytes, last: isLast };
  }

  /** Draws no more. */
  close(): void {
    reporting(() => this.#subscription.unsubscribe());
    this.#waiting.drain();
    this.#letGo();
  }

  #open(): void {
    this.#isOpen = true;
    // A source that emits inside `subscribe` cannot be unsubscribed there.
    const whileOpen = takeWhile(() => !this.#subscription.closed);
    const subscription = drawnFrom(this.#source)
      .pipe(whileOpen)
      .subscribe({
        next: (chunk) => this.#next(chunk),
        error: (cause) => this.#fail(cause),
        complete: () => this.#complete(),
      });
    this.#subscription.add(subscription);
  }

  #next(chunk: unknown): void {
    if (chunk instanceof Uint8Array) this.#add(chunk);
    else this.#fail(new TypeError('a chunk of a body is a Uint8Array'));
  }

  #add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#came += chunk.length;
    this.#waitingBytes += chunk.length;
    this.#waiting.push(chunk);
    if (this.#came > this.size) this.#fail(new RangeError(`a body of ${this.size} bytes has more of them`));
    else if (this.#isFlooded())
      this.#fail(new RangeError(`${this.#waitingBytes} bytes of a body wait already`));
    else {
      // Behind its last chunk it may complete.
      if (this.#came < this.size) this.#held ??= currentDelivery()?.hold(0);
      this.#changed();
    }
  }

  #complete(): void {
    if (this.#subscription.closed) return;
    this.#isComplete = true;
    if (this.#came === this.size) this.#changed();
    else this.#fail(new RangeError(`a body of ${this.size} bytes ended after ${this.#came}`));
  }

  #fail(cause: unknown): void {
    if (this.#subscription.closed) return;
    this.#failure = { cause };
    this.close();
    this.#changed();
  }

  /** One chunk alone may be of any size: it is here already. */
  #isFlooded(): boolean {
    return this.#waiting.length > 1 && this.#waitingBytes > this.#maxWaitingBytes;
  }

  #letGo(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.release();
  }
}
