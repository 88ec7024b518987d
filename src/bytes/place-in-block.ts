/** As much is asked of the engine at once. */
const blockBytes = 8_192;

let block = new Uint8Array(0);
let at = 0;

/**
 * A place for so many bytes, which are anything. A small one is a piece of a block that it shares with others, and is never given out again: to make an array of more than 64 bytes
 * with memory of its own takes the engine longer than all that a connection does for a message.
 *
 * For what goes to a wire and to nobody else: who keeps a small place keeps its block, and who gave its buffer to a worker would take the others with it.
 */
export function placeInBlock(bytes: number): Uint8Array {
  if (bytes > blockBytes / 4) return new Uint8Array(bytes);
  if (at + bytes > block.length) {
    block = new Uint8Array(blockBytes);
    at = 0;
  }
  at += bytes;
  return block.subarray(at - bytes, at);
}
