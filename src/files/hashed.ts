import type { Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const partBytes = 1 << 20;

/** Adds the first bytes of a file to a hash; how many there were. */
export async function hashed(handle: FileHandle, bytes: number, hash: Hash): Promise<number> {
  const part = Buffer.allocUnsafe(Math.min(partBytes, bytes));
  let done = 0;
  while (done < bytes) {
    const { bytesRead } = await handle.read(part, 0, Math.min(part.length, bytes - done), done);
    if (bytesRead === 0) break;
    hash.update(part.subarray(0, bytesRead));
    done += bytesRead;
  }
  return done;
}
