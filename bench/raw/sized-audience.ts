import type { Part } from '../peer.js';
import { audience } from './audience.js';

/** An audience where messages follow their size; over the tinyproto wire, it opens and hears nothing. */
export function sizedAudience(part: Part): void {
  const opening = Buffer.of(0xff);
  audience(part, {
    frameBytes: 4 + part.size,
    heard: Buffer.of(0, 0, 0, 1, 1),
    ...(part.wire !== 'lengthPrefixed' && {
      opening: (socket) => socket.write(opening),
      opened: (chunk) => chunk.length - opening.length,
    }),
  });
}
