import { Observable, type OperatorFunction, Subscriber } from 'rxjs';
import { demandOneWay } from './encode.js';
import type { Framing } from './framing.js';
import { Reading } from './reading.js';

/**
 * Cuts chunks of bytes, however they come, into the messages of a framing. For files, serial ports, bodies of `fetch`: anything that is an Observable of bytes.
 *
 *     chunks            --a---bc---(d|)        a, bc and d are pieces of two lines
 *     decode(lines())   ------m----(n|)
 *
 * Messages are emitted inside the `next` of the chunk that completes them, so that a hold on the chunk (see `hold`, `paced`) works through. It is given up to a
 * chunk of messages at once, and stores half a message at most.
 *
 * Completes when the chunks complete between messages; fails with `cut-short` when they stop inside one, and with the framing's other `ProtocolError`s
 * (`message-too-large`, `malformed`), behind the messages that were complete before. An error of the source is passed on at once, a chunk that is no
 * `Uint8Array` is a `TypeError`. Each subscription decodes for itself.
 *
 * @throws TypeError at once for a framing that needs both directions, as `tinyproto` does: it answers what it reads.
 *
 * @example
 * ```ts
 * import { decode, lines } from 'rx-tinyproto';
 * import { createReadStream } from 'node:fs';
 * import { from, map } from 'rxjs';
 *
 * from(createReadStream('package.json'))
 *   .pipe(
 *     decode(lines({ unterminated: 'deliver' })),
 *     map((line) => new TextDecoder().decode(line)),
 *   )
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function decode(framing: Framing): OperatorFunction<Uint8Array, Uint8Array> {
  demandOneWay(framing);
  return (source) =>
    new Observable((subscriber) => {
      source.subscribe(new Decoding(framing, subscriber));
    });
}

/** Stands before its subscriber as RxJS's own operators do: it closes with it, so a source that emits synchronously stops as soon as nobody wants more. */
class Decoding extends Subscriber<Uint8Array> {
  readonly #messages: Subscriber<Uint8Array>;
  readonly #reading: Reading;
  #ended = false;
  #emitting = false;

  constructor(framing: Framing, messages: Subscriber<Uint8Array>) {
    super(messages);
    this.#messages = messages;
    const write = () => {
      throw new TypeError(`${framing.name} wants to write: it needs a connection`);
    };
    this.#reading = new Reading(framing, { out: { write, outcome() {} } });
  }

  protected override _next(chunk: Uint8Array): void {
    if (!(chunk instanceof Uint8Array)) {
      this.error(new TypeError('a chunk is a Uint8Array'));
      return;
    }
    this.#reading.push(chunk);
    this.#emit();
  }

  protected override _complete(): void {
    this.#ended = true;
    this.#reading.end();
    this.#emit();
  }

  /** A chunk that comes from inside `next` of a message waits for its turn, so that all subscribers see one order. */
  #emit(): void {
    if (this.#emitting) return;
    this.#emitting = true;
    try {
      for (let message = this.#read(); message; message = this.#read()) {
        this.#messages.next(message);
        this.#reading.machine.consumed?.();
      }
    } finally {
      this.#emitting = false;
    }
    const { fault } = this.#reading;
    if (fault) this.#messages.error(fault.error);
    else if (this.#ended) this.#messages.complete();
  }

  #read(): Uint8Array | undefined {
    return this.#messages.closed ? undefined : this.#reading.read();
  }
}
