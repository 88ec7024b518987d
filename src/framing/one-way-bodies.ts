import type { Frame, FramingTalk } from '../outbox/frame.js';
import { queueFrames } from '../outbox/queue-frames.js';
import { cutShort } from './faults.js';
import type { StreamingMachine, StreamingPort } from './framing.js';
import { PacedDecoder } from './paced-decoder.js';
import type { SizedStreamDecoder } from './sized-stream-decoder.js';

/** Two directions side by side, in either of which a body may be under way. */
export class OneWayBodies extends PacedDecoder implements StreamingMachine, FramingTalk {
  declare protected readonly port: StreamingPort;
  readonly #decoder: SizedStreamDecoder;
  /** A body of ours is on its way: nothing else may be written. */
  #isWriting = false;
  #theyEnded = false;
  /** `close` was called. */
  #isDropping = false;
  #droppedMessages = 0;
  #droppedBytes = 0;
  /** What comes cannot be told apart any more. */
  #isLost = false;

  constructor(decoder: SizedStreamDecoder, port: StreamingPort) {
    super(decoder, port);
    queueFrames(port);
    this.#decoder = decoder;
  }

  get talk(): FramingTalk {
    return this;
  }

  // --- what comes

  override push(chunk: Uint8Array): void {
    super.push(chunk);
    if (this.#isDropping) this.#drop(chunk.length);
  }

  override read(): Uint8Array | undefined {
    if (this.#isDropping) return undefined;
    const message = super.read();
    if (message === undefined && this.#theyEnded) this.#judgeEnd();
    return message;
  }

  readHead(): number | undefined {
    return this.#isDropping ? undefined : this.#decoder.readHead();
  }

  readPart(): Uint8Array | undefined {
    if (this.#isDropping) return undefined;
    const part = this.#decoder.readPart();
    if (part === undefined && this.#theyEnded) this.#judgeEnd();
    return part;
  }

  /** A body that is cut hears of it behind what is here of it, though nobody reads the next message. */
  receiveEnd(): void {
    this.#theyEnded = true;
    if (this.#isCut && !this.#isDropping) this.port.fail(cutShort());
  }

  override end(): void {
    if (!this.#isDropping) this.#judgeEnd();
  }

  protected override get isInside(): boolean {
    return super.isInside || this.#decoder.inBody;
  }

  /** What is here of a body that was cut is read first. */
  #judgeEnd(): void {
    if (!this.#decoder.inBody) super.end();
    else if (this.#isCut) throw cutShort();
  }

  get #isCut(): boolean {
    return this.#decoder.inBody && this.unreadBytes === 0;
  }

  // --- what is dropped

  get dropped(): { readonly messages: number; readonly bytes: number } {
    return { messages: this.#droppedMessages, bytes: this.#droppedBytes };
  }

  close(): void {
    this.#isDropping = true;
    this.#drop(this.unreadBytes);
  }

  /** Complete messages are still told apart, to be counted; one that comes in parts counts when its head is dropped. What is wrong with them is nobody's business any more. */
  #drop(bytes: number): void {
    this.#droppedBytes += bytes;
    try {
      while (!this.#isLost && this.#skipMessage()) this.#droppedMessages++;
    } catch {
      this.#isLost = true;
    }
    // Not told apart, they are not kept either.
    if (this.#isLost) this.rest();
  }

  #skipMessage(): boolean {
    while (this.#decoder.readPart() !== undefined);
    return this.#decoder.read() !== undefined || this.#decoder.readHead() !== undefined;
  }

  // --- what goes

  get midFrame(): boolean {
    return this.#isWriting;
  }

  start(): void {
    this.port.ready();
  }

  canBegin(): boolean {
    return !this.#isWriting;
  }

  begin({ head, body, tail, streamed }: Frame): void {
    const { out } = this.port;
    this.#isWriting = streamed !== undefined;
    const bare = !this.#isWriting && body.length + tail.length === 0;
    if (head.length > 0 || bare) out.write?.(head, bare);
    if (body.length > 0) out.write?.(body, tail.length === 0);
    if (tail.length > 0) out.write?.(tail, true);
    if (this.#isWriting) this.port.writeBody();
    out.outcome?.('taken');
  }

  follow(): boolean {
    return !this.#isWriting;
  }

  bodyWritten(): void {
    this.#isWriting = false;
  }

  progress(): void {}

  tryEnd(): boolean {
    return !this.#isWriting;
  }
}
