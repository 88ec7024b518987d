import { createServer, type OnReadOpts, Socket } from 'node:net';
import { portOf } from './port.js';

/** Takes what has come, in a buffer that will be used again: what is kept must be copied out. Returns false to hear no more until `resume()`. */
export type Chunk = (length: number, shared: Buffer) => unknown;

/** One for all sockets of the process: a read is over before the next begins. */
const shared = Buffer.allocUnsafeSlow(262_144);

function onread(chunk: Chunk): OnReadOpts {
  return {
    buffer: shared,
    callback(length, buffer) {
      return chunk(length, buffer as Buffer) !== false;
    },
  };
}

/** Node offers `onread` only to sockets that we make: so the accepted one's handle gets a socket of ours. */
export function tunedServer(connected: (socket: Socket) => Chunk): Promise<number> {
  const server = createServer({ pauseOnConnect: true, noDelay: true }, (accepted) => {
    const owner = accepted as unknown as { _handle: unknown };
    const handle = owner._handle;
    owner._handle = null;
    let chunk: Chunk = () => {};
    const options = { handle, onread: onread((length, buffer) => chunk(length, buffer)) };
    const socket = new Socket(options as object);
    socket.on('error', () => socket.destroy());
    chunk = connected(socket);
  });
  return portOf(server);
}

export function tunedClient(port: number, connected: (socket: Socket) => Chunk): void {
  let chunk: Chunk = () => {};
  const socket = new Socket({ onread: onread((length, buffer) => chunk(length, buffer)) } as object);
  socket.on('error', () => socket.destroy());
  socket.connect(port, '127.0.0.1', () => {
    chunk = connected(socket);
  });
}
