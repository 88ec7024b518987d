import type { FramingPort, StreamingMachine } from '../framing/framing.js';
import type { Body } from './body.js';
import { BodyReader } from './body-reader.js';

/** The messages of a connection whose bodies are streams. At most one of them is open: still to be read from the wire. */
export class IncomingBodies {
  readonly #machine: StreamingMachine;
  readonly #port: Pick<FramingPort, 'fail' | 'turn'>;
  readonly #readers = new WeakMap<Body, BodyReader>();
  #open: BodyReader | undefined;
  #ending: { readonly error: unknown } | undefined;

  constructor(machine: StreamingMachine, port: Pick<FramingPort, 'fail' | 'turn'>) {
    this.#machine = machine;
    this.#port = port;
  }

  get open(): boolean {
    return this.#open !== undefined && !this.#open.over;
  }

  /** Whether the next part of the open body would be taken now. */
  get wanted(): boolean {
    return this.#open?.wanted ?? false;
  }

  /** The next message. None while one is open. */
  read(): Body | undefined {
    if (this.#open) return undefined;
    const bytes = this.#machine.read();
    if (bytes) return this.#collected(bytes);
    const size = this.#machine.readHead();
    if (size === undefined) return undefined;
    this.#open = new BodyReader(
      size,
      () => this.#part(),
      () => this.#port.turn(),
    );
    return this.#noted(this.#open);
  }

  readerOf(body: Body): BodyReader | undefined {
    return this.#readers.get(body);
  }

  /** Gives the open body what is here of it, as far as it is wanted. Returns whether it is over, so that the next may be read. */
  deliver(): boolean {
    const open = this.#open;
    open?.deliver();
    if (open && !open.over && this.#ending && this.#machine.unreadBytes === 0) open.fail(this.#ending.error);
    if (!open?.over || this.#open !== open) return false;
    this.#open = undefined;
    return true;
  }

  /** No bytes will come any more: the open body fails behind those that are here. */
  end(error: unknown): void {
    this.#ending ??= { error };
    this.deliver();
  }

  /** The open body fails now. */
  cut(error: unknown): void {
    this.#ending ??= { error };
    this.#open?.fail(error);
    this.#open = undefined;
  }

  /** The next part, if it is here; that the end cuts the body is found behind the last. */
  #part(): Uint8Array | undefined {
    try {
      return this.#machine.readPart();
    } catch (error) {
      this.#port.fail(error);
      this.#port.turn();
      return undefined;
    }
  }

  /** A message that came whole is read in the same way, so that large ones behave as small ones did in somebody's tests. */
  #collected(bytes: Uint8Array): Body {
    let part: Uint8Array | undefined = bytes;
    const take = () => {
      const taken = part;
      part = undefined;
      return taken;
    };
    return this.#noted(new BodyReader(bytes.length, take));
  }

  #noted(reader: BodyReader): Body {
    this.#readers.set(reader.body, reader);
    return reader.body;
  }
}
