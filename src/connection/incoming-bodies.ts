import type { StreamingMachine } from '../framing/framing.js';
import type { Body } from './body.js';
import { BodyReader } from './body-reader.js';
import { type None, none } from './inbox.js';

/** The messages of a connection whose bodies are streams. At most one of them is open: still to be read from the wire. */
export interface IncomingBodies {
  /** The next message. None while one is open. */
  read(): Body | None;
  readerOf(body: Body): BodyReader | undefined;
  /** Gives the open body what is here of it, as far as it is wanted. */
  deliver(): void;
  readonly open: boolean;
  /** Whether the next part of the open body would be taken now. */
  readonly wanted: boolean;
  /** No bytes will come any more: the open body fails behind those that are here. */
  end(error: unknown): void;
  /** The open body fails now. */
  cut(error: unknown): void;
}

/** `ready` is told when there may be something to deliver. */
export function incomingBodies(machine: StreamingMachine, ready: () => void): IncomingBodies {
  const readers = new WeakMap<Body, BodyReader>();
  let open: BodyReader | undefined;
  let ending: { readonly error: unknown } | undefined;

  const noted = (reader: BodyReader): Body => {
    readers.set(reader.body, reader);
    return reader.body;
  };

  /** A message that came whole is read in the same way, so that large ones behave as small ones did in somebody's tests. */
  const collected = (bytes: Uint8Array): Body => {
    let part: Uint8Array | undefined = bytes;
    const take = () => {
      const taken = part;
      part = undefined;
      return taken;
    };
    return noted(new BodyReader(bytes.length, take));
  };

  const deliver = () => {
    open?.deliver();
    if (open && !open.over && ending && machine.unreadBytes === 0) open.fail(ending.error);
    if (open?.over) open = undefined;
  };

  return {
    read() {
      if (open) return none;
      const bytes = machine.read();
      if (bytes) return collected(bytes);
      const size = machine.readHead();
      if (size === undefined) return none;
      open = new BodyReader(size, () => machine.readPart(), ready);
      return noted(open);
    },
    readerOf: (body) => readers.get(body),
    deliver,
    get open() {
      return open !== undefined && !open.over;
    },
    get wanted() {
      return open?.wanted ?? false;
    },
    end(error) {
      ending ??= { error };
      deliver();
    },
    cut(error) {
      ending ??= { error };
      open?.fail(error);
      open = undefined;
    },
  };
}
