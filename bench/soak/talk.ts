/** The wire as peers speak it that are no clients of this library: bare sockets, written from the description of the protocol. */
import { connect, type Socket } from 'node:net';
import type { Kind } from './server.js';

export interface Host {
  readonly host: string;
  readonly port: number;
}

export const header = (size: number): Uint8Array =>
  Uint8Array.of(size >>> 24, (size >>> 16) & 0xff, (size >>> 8) & 0xff, size & 0xff);
const OK = Uint8Array.of(0xff);

/** What is said before the first message. */
export const opening = (kind: Kind): Uint8Array => (kind === 'tinyproto' ? OK : new Uint8Array());

/** A message as it goes out: its payload right behind its size. */
export const frame = (kind: Kind, message: Uint8Array): Uint8Array =>
  kind === 'bare' ? message : new Uint8Array(Buffer.concat([header(message.length), message]));

/** Dials, and is there when the other side has said that it is. */
export function dial(kind: Kind, { host, port }: Host): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true });
    socket.on('error', reject);
    socket.once('connect', () => {
      if (kind !== 'tinyproto') resolve(socket);
      else {
        socket.write(OK);
        socket.once('data', () => resolve(socket));
      }
    });
  });
}

/** Sends a message and waits until it is back. Rejects when the connection ends first. */
export function echo(kind: Kind, socket: Socket, message: Uint8Array): Promise<void> {
  // Theirs: `ff` for our header, their own header, and when we have said `ff` to that, the message.
  const head = kind === 'tinyproto' ? 5 : kind === 'bare' ? 0 : 4;
  return new Promise((resolve, reject) => {
    let came = 0;
    let granted = kind !== 'tinyproto';
    const gone = () => reject(new Error('the connection ended before the answer'));
    const heard = (bytes: Uint8Array) => {
      came += bytes.length;
      if (!granted && came >= head) {
        granted = true;
        socket.write(OK);
      }
      if (came < head + message.length) return;
      socket.off('data', heard).off('close', gone);
      resolve();
    };
    socket.on('data', heard).once('close', gone);
    socket.write(frame(kind, message));
  });
}

/** Does it so many times, so many at once. */
export async function times(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
