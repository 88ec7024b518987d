import {
  type Frame,
  type Framing,
  type FramingMachine,
  type FramingPort,
  type FramingTalk,
  lengthPrefixed,
  ProtocolError,
  queueFrames,
} from 'rx-tinyproto';

const sized = lengthPrefixed({ size: 1 });
const taken = Uint8Array.of(0);
/** So many messages may be unanswered. */
const window = 4;

/** What it forgets. */
export interface Mistakes {
  readonly queue?: true;
  readonly answers?: true;
}

/** Each message has its size ahead of it, 1 to 255; an empty one says that the oldest of ours is consumed. */
export function acknowledged(forgets: Mistakes = {}): Framing {
  return {
    name: 'acknowledged',
    maxMessageBytes: 255,
    halfClose: false,
    encode: sized.encode,
    open: (port) => new Acknowledged(port, forgets),
  };
}

class Acknowledged implements FramingMachine, FramingTalk {
  readonly talk = this;
  readonly midFrame = false;
  readonly dropped = { messages: 0, bytes: 0 };
  readonly #port: FramingPort;
  readonly #forgets: Mistakes;
  readonly #frames: FramingMachine;
  #inbox: Uint8Array[] = [];
  #unanswered = 0;
  #owed = 0;
  #isClosed = false;

  constructor(port: FramingPort, forgets: Mistakes) {
    this.#port = port;
    this.#forgets = forgets;
    this.#frames = sized.open(port);
    if (!forgets.queue) queueFrames(port);
  }

  // --- what comes

  get unreadBytes(): number {
    return this.#inbox.reduce((sum, { length }) => sum + length, this.#frames.unreadBytes);
  }

  /** Answers stand between messages, so all is looked at when it comes. */
  push(chunk: Uint8Array): void {
    this.#frames.push(chunk);
    for (let message = this.#frames.read(); message; message = this.#frames.read()) {
      if (message.length === 0) this.#answered();
      else {
        this.#owed++;
        this.#inbox.push(message);
      }
    }
    if (this.#isClosed) this.close();
  }

  read(): Uint8Array | undefined {
    return this.#inbox.shift();
  }

  consumed(): void {
    if (this.#owed-- > 0 && !this.#forgets.answers) this.#port.out.write?.(taken, false);
  }

  receiveEnd(): void {
    if (this.#frames.unreadBytes > 0) this.#port.fail(new ProtocolError('cut-short', 'half a message'));
  }

  end(): void {}

  /** The peer is held by the answers that it does not get; ours come on the road, which stays open. */
  look(): boolean {
    return false;
  }

  rest(): readonly Uint8Array[] {
    return [];
  }

  // --- what goes

  start(): void {
    this.#port.ready();
  }

  canBegin(): boolean {
    return this.#unanswered < window;
  }

  begin({ head, body }: Frame): void {
    this.#unanswered++;
    this.#port.out.write?.(head, false);
    this.#port.out.write?.(body, true);
  }

  progress(): void {}

  close(): void {
    this.#isClosed = true;
    for (const { length } of this.#inbox.splice(0)) {
      this.dropped.messages++;
      this.dropped.bytes += length;
      this.consumed();
    }
  }

  /** Behind FIN nothing can be answered any more. */
  tryEnd(): boolean {
    while (this.#owed > 0) this.consumed();
    return true;
  }

  #answered(): void {
    if (this.#unanswered-- > 0) this.#port.out.outcome?.('taken');
    else this.#port.fail(new ProtocolError('unexpected-answer', 'An answer, and nothing to answer'));
  }
}
