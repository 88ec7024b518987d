import fc from 'fast-check';

/** Bytes in the chunks that somebody may get them in. */
export type Cut = (bytes: Uint8Array) => Uint8Array[];

/** In one chunk; no bytes are no chunk. */
export const whole: Cut = (bytes) => (bytes.length > 0 ? [bytes.slice()] : []);

export const byteByByte: Cut = (bytes) => Array.from(bytes, (byte) => Uint8Array.of(byte));

export const inTwo =
  (at: number): Cut =>
  (bytes) => [...whole(bytes.subarray(0, at)), ...whole(bytes.subarray(at))];

/** In chunks of these sizes, over and over. */
export const inChunksOf =
  (...sizes: readonly number[]): Cut =>
  (bytes) => {
    const chunks: Uint8Array[] = [];
    for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
      const size = sizes[turn % sizes.length] as number;
      chunks.push(bytes.slice(at, at + size));
      at += size;
    }
    return chunks;
  };

/** Every way to cut so many bytes into chunks: a bit for each border. */
export function* partitions(bytes: Uint8Array): Generator<Uint8Array[]> {
  const borders = Math.max(0, bytes.length - 1);
  for (let mask = 0; mask < 2 ** borders; mask += 1) {
    const chunks: Uint8Array[] = [];
    let start = 0;
    for (let border = 1; border <= borders; border += 1) {
      if ((mask >> (border - 1)) & 1) {
        chunks.push(bytes.slice(start, border));
        start = border;
      }
    }
    if (bytes.length > 0) chunks.push(bytes.slice(start));
    yield chunks;
  }
}

export const anyCut: fc.Arbitrary<Cut> = fc
  .array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 8 })
  .map((sizes) => inChunksOf(...sizes));
