import type { Codec } from './codec.js';

/**
 * Puts codecs behind each other: in order on the way out, reversed on the way in. What the Python original calls plugins.
 *
 *     codecs(json(), compressed())      out:  value → JSON bytes → compressed bytes
 *                                       in:   value ← JSON bytes ← compressed bytes
 *
 * The first turns values into bytes, the others bytes into bytes. What one throws is what the whole throws.
 *
 * @example
 * ```ts
 * import { type Codec, codecs, text } from 'rx-tinyproto';
 *
 * const turn = (bytes: Uint8Array) => bytes.map((byte) => byte ^ 0x2a);
 * const scrambled: Codec<string> = codecs(text(), { encode: turn, decode: turn });
 * ```
 */
export function codecs<In, Out>(
  first: Codec<In, Out>,
  ...others: readonly Codec<Uint8Array>[]
): Codec<In, Out> {
  return {
    encode: (value) => others.reduce((bytes, codec) => codec.encode(bytes), first.encode(value)),
    decode: (bytes) => first.decode(others.reduceRight((outer, codec) => codec.decode(outer), bytes)),
  };
}
