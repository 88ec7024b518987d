import type { Codec } from './codec.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Messages as strings, in UTF-8.
 *
 *     bytes    68 c3 a9 6c 6c 6f
 *     message  "héllo"
 *
 * Bytes that are not UTF-8 fail with `not-decodable`, which ends the connection. A byte order mark is text like any other.
 * A lone surrogate in a string goes out as U+FFFD, as everywhere on the web (WHATWG Encoding).
 *
 * @example
 * ```ts
 * import { connect, text } from 'rx-tinyproto';
 *
 * connect('127.0.0.1:9123', { codec: text() });
 * ```
 */
export function text(): Codec<string> {
  return textCodec;
}

const textCodec: Codec<string> = {
  decode: (bytes) => decoder.decode(bytes),
  encode: (value) => {
    if (typeof value !== 'string') throw new TypeError(`text() sends strings, not ${typeof value}`);
    return encoder.encode(value);
  },
};
