import type { StreamingMachine } from '../framing/framing.js';
import type { Body } from './body.js';
import { BodyReader } from './body-reader.js';
import { type None, none } from './inbox.js';

/** The messages of a connection whose bodies are streams. At most one of them is open: still to be read from the wire. */
export class IncomingBodies {
  readonly #machine: StreamingMachine;
  readonly #ready: () => void;
  readonly #readers = new WeakMap<Body, BodyReader>();
  #open: BodyReader | undefined;
  #ending: { readonly error: unknown } | undefined;

  /** `ready` is told when there may be something to deliver. */
  constructor(machine: StreamingMachine, ready: () => void) {
    this.#machine = machine;
    this.#ready = ready;
  }

  get open(): boolean {
    return this.#open !== undefined && !this.#open.over;
  }

  /** Whether the next part of the open body would be taken now. */
  get wanted(): boolean {
    return this.#open?.wanted ?? false;
  }

  /** The next message. None while one is open. */
  read(): Body | None {
    if (this.#open) return none;
    const bytes = this.#machine.read();
    if (bytes) return this.#collected(bytes);
    const size = this.#machine.readHead();
    if (size === undefined) return none;
    this.#open = new BodyReader(size, () => this.#machine.readPart(), this.#ready);
    return this.#noted(this.#open);
  }

  readerOf(body: Body): BodyReader | undefined {
    return this.#readers.get(body);
  }

  /** Gives the open body what is here of it, as far as it is wanted. */
  deliver(): void {
    const open = this.#open;
    open?.deliver();
    if (open && !open.over && this.#ending && this.#machine.unreadBytes === 0) open.fail(this.#ending.error);
    if (open?.over && this.#open === open) this.#open = undefined;
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
