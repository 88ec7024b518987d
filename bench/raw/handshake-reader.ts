import type { Got } from '../peer.js';
import type { Chunk } from './tuned-sockets.js';

export interface Handshake {
  /** The peer's OK for our oldest unanswered frame, or its opening byte. */
  answered(): void;
  /** A size has come, which is to be answered. */
  asked(): void;
  readonly got: Got;
}

/** Messages and signals of the tinyproto wire: above `f0` a byte between frames is a signal, anything else begins a size. Signals are taken for OKs. */
export function handshakeReader({ answered, asked, got }: Handshake): Chunk {
  let rest: Buffer | undefined;
  /** The size that is answered and whose payload has not come, or -1. */
  let due = -1;

  return (length, shared) => {
    const before = rest?.length ?? 0;
    const chunk = Buffer.allocUnsafe(before + length);
    if (rest) chunk.set(rest);
    shared.copy(chunk, before, 0, length);
    rest = undefined;
    const end = chunk.length;
    let at = 0;
    while (at < end || due === 0) {
      if (due >= 0) {
        if (end - at < due) break;
        got(chunk.subarray(at, at + due));
        at += due;
        due = -1;
      } else if ((chunk[at] as number) > 0xf0) {
        at++;
        answered();
      } else {
        if (end - at < 4) break;
        due = chunk.readUInt32BE(at);
        at += 4;
        asked();
      }
    }
    if (at < end) rest = chunk.subarray(at);
  };
}
