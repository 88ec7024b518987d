import { readSync } from 'node:fs';
import type { Socket } from 'node:net';
import { platformCode } from './node-errors.js';

/**
 * What the kernel says about an end that Node has just reported: nothing after FIN, and an error if RST stood in its place.
 *
 * When libuv finds the last bytes and a hang-up together it does not read on, and calls an RST an end. Only reading once more
 * tells (a socket never blocks). The descriptor is Node's private affair: where it shows none, the end is believed. Under TLS an end may come before FIN, and then there is
 * nothing to read yet.
 */
export function errorAtEnd(socket: Socket): Error | undefined {
  const fd = (socket as { readonly _handle?: { readonly fd?: number } | null })._handle?.fd ?? -1;
  if (fd < 0) return undefined;
  try {
    readSync(fd, new Uint8Array(1));
    return undefined;
  } catch (error) {
    return platformCode(error) === 'EAGAIN' ? undefined : (error as Error);
  }
}
