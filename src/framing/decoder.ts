/**
 * Cuts the bytes of one direction into messages. Owns the chunks it is given, decodes on demand, and tells of faults by throwing a `ProtocolError`, once: then it
 * is asked nothing more.
 */
export interface Decoder<M = Uint8Array> {
  /** Bytes that were taken and not read. */
  readonly unreadBytes: number;
  /** Takes a chunk, and does not look into it. */
  push(chunk: Uint8Array): void;
  /** The next complete message, or undefined. Looks at nothing behind it. */
  read(): M | undefined;
  /** The bytes have ended, and `read` found nothing more in them. It may find something now; half a message is `cut-short`, thrown here or there. */
  end(): void;
  /** Gives back the bytes that were not read, in chunks. */
  rest(): readonly Uint8Array[];
}

/** A decoder that gives large messages in parts; see `StreamingMachine`. */
export interface StreamingDecoder extends Decoder {
  /** Whether the next message is one that is read in parts, or the rest of one. */
  readonly inBody: boolean;
  readHead(): number | undefined;
  readPart(): Uint8Array | undefined;
}
