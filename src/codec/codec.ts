/**
 * Message bytes ↔ values, beside a framing: `{ framing: lines(), codec: text() }`. Stateless and synchronous: an asynchronous one
 * would lose the hold on the message it came from (see `consume`).
 *
 * A `decode` that throws ends the connection with `not-decodable`; an `encode` that throws fails that `send` with `not-encodable`.
 */
export interface Codec<In, Out = In> {
  /** The value of a message that came. The bytes are the codec's to keep. */
  decode(bytes: Uint8Array): In;
  /** The bytes of a message to send. They must not change afterwards. */
  encode(value: Out): Uint8Array;
}
