import { createServer, connect as dial, type Socket } from 'node:net';
import type { Dice } from './dice.js';
import type { Cleanup } from './loopback.js';

/** How a road ends that does not last: after how many bytes, both ways together, and what both ends see then. */
export interface Cut {
  readonly afterBytes: number;
  readonly by: 'fin' | 'rst';
}

/**
 * A road to a port on which bytes come cut anywhere, and with pauses; resolves with the port to call instead. Where there is a cut, both ends see the same
 * bytes end there, without what was behind.
 */
export async function badRoad(
  { onTestFinished }: Cleanup,
  port: number,
  dice: Dice,
  cut?: Cut,
): Promise<number> {
  const sockets: Socket[] = [];
  let passed = 0;
  let isCut = false;

  const end = () => {
    isCut = true;
    for (const socket of sockets) {
      if (cut?.by === 'rst') socket.resetAndDestroy();
      else socket.end(() => socket.destroySoon());
    }
  };

  const carry = (piece: Buffer, to: Socket) => {
    const left = cut ? cut.afterBytes - passed : Number.POSITIVE_INFINITY;
    passed += piece.length;
    to.write(piece.subarray(0, left));
    if (piece.length > left) end();
  };

  const oneWay = (from: Socket, to: Socket) => {
    from.on('data', (chunk: Buffer) => {
      let rest = chunk;
      while (rest.length > 0 && !isCut) {
        const length = dice.below(5) === 0 ? 1 + dice.below(5) : rest.length;
        carry(rest.subarray(0, length), to);
        rest = rest.subarray(length);
      }
      if (dice.below(10) > 0) return;
      from.pause();
      setTimeout(() => from.resume(), dice.below(8));
    });
    from.on('end', () => isCut || to.end());
    from.on('error', () => isCut || to.resetAndDestroy());
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = dial({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    sockets.push(near, far);
    oneWay(near, far);
    oneWay(far, near);
  });
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const bound = server.address();
  return typeof bound === 'object' && bound ? bound.port : 0;
}
