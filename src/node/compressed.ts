import { constants } from 'node:buffer';
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateRawSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib';
import type { Codec } from '../codec/codec.js';

/** Options of {@link compressed}. */
export interface CompressedOptions {
  /** How the bytes are compressed. @default 'deflate' */
  readonly format?: keyof typeof formats;
  /** The largest message that it inflates to, in bytes; inflating stops there. @default 8 MiB */
  readonly maxInflatedBytes?: number;
}

const formats = {
  /** zlib, RFC 1950. */
  deflate: [deflateSync, inflateSync],
  /** RFC 1951: without a checksum. */
  'deflate-raw': [deflateRawSync, inflateRawSync],
  /** RFC 1952. */
  gzip: [gzipSync, gunzipSync],
  /** RFC 7932. */
  brotli: [brotliCompressSync, brotliDecompressSync],
} as const;

/**
 * Messages compressed, each by itself; bytes on both sides, so put it behind another: `codecs(json(), compressed())`.
 *
 *     message  "aaaaaaaaaaaa"           12 bytes
 *     bytes    78 9c 4b 4c … 04 8d      11 bytes
 *
 * Bytes that do not inflate, are cut short, go on behind the end, or inflate to more than `maxInflatedBytes` (default 8 MiB; checked while inflating, so that a bomb costs no more)
 * fail with `not-decodable`. Synchronous, by `node:zlib`: a large message blocks the event loop meanwhile, some 10 ms for each MiB.
 *
 * @example
 * ```ts
 * import { codecs, connect, json } from 'rx-tinyproto';
 * import { compressed } from 'rx-tinyproto/node';
 *
 * const conn$ = connect(9123, { codec: codecs(json(), compressed({ format: 'gzip' })) });
 * ```
 */
export function compressed({
  format = 'deflate',
  maxInflatedBytes = 8 * 1_024 * 1_024,
}: CompressedOptions = {}): Codec<Uint8Array> {
  const pair = formats[format];
  if (pair === undefined) throw new TypeError(`no format of compression: ${format}`);
  if (!(maxInflatedBytes >= 1))
    throw new RangeError(`maxInflatedBytes is at least 1, not ${maxInflatedBytes}`);
  const [compress, inflate] = pair;
  // zlib takes no bound above the largest Buffer, and without `info` drops what stands behind the end.
  const options = { maxOutputLength: Math.min(maxInflatedBytes, constants.MAX_LENGTH), info: true };
  return {
    encode: (bytes) => plain(compress(bytes)),
    decode(bytes) {
      const { buffer, engine } = inflate(bytes, options) as unknown as Inflated;
      if (engine.bytesWritten < bytes.length) throw new RangeError('There is something behind the end');
      return plain(buffer);
    },
  };
}

/** What zlib answers with `info`, which its types do not know. */
interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** Not a Buffer: its `slice` shares memory, where everybody else's copies. */
function plain(buffer: Buffer): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}
