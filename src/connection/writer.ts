import type { WireError } from '../errors.js';
import type { Wire } from '../transport/transport.js';
import { Fifo } from './fifo.js';

/** How much is handed to the wire at once, so that a slow peer's progress shows. */
const sliceBytes = 256 * 1_024;
/** How much the wire has in hand before the next slice waits. */
const inHandBytes = 4 * sliceBytes;

export interface Writer {
  /** Writes, in order. `last` is told of with `lastWritten` when the kernel has the bytes. */
  write(bytes: Uint8Array, last: boolean): void;
  /** FIN behind what was written. */
  end(): void;
  /** Whether more would be handed to the wire at once. */
  readonly room: boolean;
  /** Whether the wire has everything: FIN now would stand behind it. */
  readonly handed: boolean;
}

export interface WriterEvents {
  lastWritten(): void;
  /** There is room. */
  room(): void;
  /** Bytes of ours are on their way, and made progress just now; `false`: none are any more. */
  progress(pending: boolean): void;
  failed(error: WireError): void;
}

interface Piece {
  readonly bytes: Uint8Array;
  readonly last: boolean;
}

/** Feeds a wire in slices, a bounded number of bytes at a time, and tells of the progress. Of a wire that keeps chunks as they are, a slice would be a chunk. */
export function writer(wire: Wire, on: WriterEvents): Writer {
  const waiting = new Fifo<Piece>();
  const inHand = new Fifo<Piece>();
  let bytesInHand = 0;
  let ending = false;
  let failed = false;

  const hand = (piece: Piece) => {
    if (inHand.length === 0) on.progress(true);
    inHand.push(piece);
    bytesInHand += piece.bytes.length;
    wire.write(piece.bytes, done);
  };

  const done = (error?: WireError) => {
    const piece = inHand.shift();
    if (failed || piece === undefined) return;
    if (error) {
      failed = true;
      on.failed(error);
      return;
    }
    bytesInHand -= piece.bytes.length;
    feed();
    on.progress(inHand.length > 0);
    if (piece.last) on.lastWritten();
    if (hasRoom()) on.room();
  };

  const feed = () => {
    while (bytesInHand < inHandBytes) {
      const piece = waiting.shift();
      if (piece === undefined) break;
      hand(piece);
    }
    if (ending && waiting.length === 0) finish();
  };

  const finish = () => {
    ending = false;
    wire.end(() => {});
  };

  const hasRoom = () => waiting.length === 0 && bytesInHand < inHandBytes;

  const queue = (piece: Piece) => {
    if (hasRoom()) hand(piece);
    else waiting.push(piece);
  };

  return {
    write(bytes, last) {
      let rest = bytes;
      while (rest.length > sliceBytes && !wire.keepsChunks) {
        queue({ bytes: rest.subarray(0, sliceBytes), last: false });
        rest = rest.subarray(sliceBytes);
      }
      if (rest.length > 0 || last) queue({ bytes: rest, last });
    },
    end() {
      if (waiting.length === 0) finish();
      else ending = true;
    },
    get room() {
      return hasRoom();
    },
    get handed() {
      return waiting.length === 0;
    },
  };
}
