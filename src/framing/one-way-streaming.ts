import type { StreamingDecoder } from './decoder.js';
import { cutShort } from './faults.js';
import type { Frame, StreamingMachine, StreamingPort } from './framing.js';
import { OneWayMachine } from './one-way-machine.js';

/** Two directions side by side, in either of which a body may be under way. */
export class StreamingOneWayMachine extends OneWayMachine implements StreamingMachine {
  readonly #decoder: StreamingDecoder;
  readonly #port: StreamingPort;
  /** A body of ours is on its way. */
  #writing = false;
  #theyEnded = false;
  #over = false;

  constructor(decoder: StreamingDecoder, port: StreamingPort) {
    super(decoder, port);
    this.#decoder = decoder;
    this.#port = port;
  }

  override get midFrame(): boolean {
    return this.#writing;
  }

  override receiveEnd(): void {
    this.#theyEnded = true;
    super.receiveEnd();
    this.#lookForCut();
  }

  readHead(): number | undefined {
    return this.#over ? undefined : this.#decoder.readHead();
  }

  readPart(): Uint8Array | undefined {
    if (this.#over) return undefined;
    const part = this.#decoder.readPart();
    if (part === undefined) this.#lookForCut();
    return part;
  }

  override canBegin(): boolean {
    return super.canBegin() && !this.#writing;
  }

  override begin(frame: Frame): void {
    if (frame.streamed === undefined) {
      super.begin(frame);
      return;
    }
    this.#writing = true;
    this.#port.write(frame.head, false);
    this.#port.writeBody();
    this.#port.outcome('taken');
  }

  bodyWritten(): void {
    this.#writing = false;
  }

  override close(): void {
    super.close();
    this.#over = true;
  }

  override tryEnd(): boolean {
    return !this.#writing && super.tryEnd();
  }

  override release(): Uint8Array {
    this.#over = true;
    return super.release();
  }

  protected override fail(error: unknown): void {
    this.#over = true;
    super.fail(error);
  }

  /** A message that comes in parts counts when its head is dropped. */
  protected override skipMessage(): boolean {
    while (this.#decoder.readPart() !== undefined);
    return super.skipMessage() || this.#decoder.readHead() !== undefined;
  }

  /** What is here of a body that was cut is read first. */
  #lookForCut(): void {
    if (this.#theyEnded && !this.#over && this.#decoder.inBody && this.#decoder.unreadBytes === 0) {
      this.fail(cutShort());
    }
  }
}
