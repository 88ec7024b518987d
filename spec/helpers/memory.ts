import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { firstValueFrom, timer } from 'rxjs';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes of all buffers that somebody still has. Buffers are given back behind the collector, in a thread of their own. */
export async function bufferBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    collect();
    await firstValueFrom(timer(20));
  }
  return process.memoryUsage().arrayBuffers;
}

/** Bytes of all that somebody still has. */
export async function heapBytes(): Promise<number> {
  await bufferBytes();
  return process.memoryUsage().heapUsed;
}
