import type { Observable, ObservableInput } from 'rxjs';

/** A message that came, as its size and its bytes; see {@link StreamedBodies}. */
export interface Body {
  /** In bytes. */
  readonly size: number;
  /**
   * The bytes as they come, `size` of them, then it completes. One subscriber. Each part is held like a message (see `hold`, `consume`), and holds the peer.
   * Errors with the connection's error if that ends inside the body, also when we end it; with a `HoldLostError` if the message was consumed before somebody subscribed.
   */
  readonly body$: Observable<Uint8Array>;
}

/** A message to send, as its size and where its bytes come from. */
export interface OutgoingBody {
  /** In bytes; what comes from `body$` must be as many. */
  readonly size: number;
  /**
   * Chunks of any sizes, which must not change once they are given. An asynchronous iterable (a Node `Readable`, a `ReadableStream`) or an array of chunks is drawn from as there
   * is room; an Observable is paced by a hold on each chunk, so one that heeds none must be paced by itself (see `paced`).
   */
  readonly body$: ObservableInput<Uint8Array>;
}

/** The option for messages too large to hold. */
export interface StreamedBodies {
  /**
   * Messages are `Body`s: their bytes come while they are on the wire, and may be sent so; a `Uint8Array` may be sent all the same. The wire is the same, so the other side need not
   * do it, too. With `tinyproto`, `lengthPrefixed` and `varintPrefixed`; raise their `maxMessageBytes`. A message of up to 65,536 bytes comes as one part, when it is whole.
   */
  readonly bodies: 'stream';
  /** A codec needs the whole message. */
  readonly codec?: never;
}

/** @throws TypeError for what is no message of such a connection. */
export function demandBody(message: unknown): void {
  if (message instanceof Uint8Array) return;
  const { size, body$ } = (message ?? {}) as Partial<OutgoingBody>;
  const isSize = Number.isSafeInteger(size) && Number(size) >= 0;
  const isSource = body$ !== null && typeof body$ === 'object' && !(body$ instanceof Uint8Array);
  if (isSize && isSource) return;
  throw new TypeError(
    'Where bodies are streams, a message is a Uint8Array or has a size and a body$ of chunks',
  );
}
