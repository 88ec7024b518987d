import { on, once } from 'node:events';
import type { Socket } from 'node:net';
import type { Transform } from 'node:stream';
import { decode as decodeFrames, encode as encodeFrames } from 'frame-stream';
import { decode as decodePrefixed, encode as encodePrefixed } from 'it-length-prefixed';
import lengthPrefixedStream from 'length-prefixed-stream';
import { type Framing, lengthPrefixed, varintPrefixed } from 'rx-tinyproto';

/** Somebody else's implementation of a framing of ours, at the end of a socket. */
export interface FramingPeer {
  readonly framing: Framing;
  /** Whether it knows empty messages: some implementations lose them. */
  readonly empty: boolean;
  /** The messages that come, as they come. */
  messages(socket: Socket): AsyncIterable<Uint8Array>;
  send(socket: Socket, message: Uint8Array): void;
}

/** The lengths of libp2p's package, as its users make them that do not want varints. */
const fourBytes = {
  lengthEncoder: Object.assign(
    (size: number) => {
      const bytes = new Uint8Array(4);
      new DataView(bytes.buffer).setUint32(0, size);
      return bytes;
    },
    { bytes: 4 },
  ),
  lengthDecoder: Object.assign((bytes: { getUint32(at: number): number }) => bytes.getUint32(0), {
    bytes: 4,
  }),
};

const libp2p = (framing: Framing, options: typeof fourBytes | object = {}): FramingPeer => ({
  framing,
  empty: true,
  async *messages(socket) {
    for await (const message of decodePrefixed(socket, options)) yield message.subarray();
  },
  send(socket, message) {
    for (const chunk of encodePrefixed([message], options)) socket.write(chunk);
  },
});

/** A pair of Node's transforms. */
const transforms = (
  framing: Framing,
  encode: () => Transform,
  decode: () => Transform,
  empty: boolean,
): FramingPeer => {
  const encoders = new WeakMap<Socket, Transform>();
  return {
    framing,
    empty,
    // Not the iterator of the stream, which joins what has come.
    async *messages(socket) {
      for await (const [message] of on(socket.pipe(decode()), 'data', { close: ['end'] })) yield message;
    },
    send(socket, message) {
      let encoder = encoders.get(socket);
      if (!encoder) {
        encoder = encode();
        encoder.on('data', (chunk) => socket.write(chunk));
        encoders.set(socket, encoder);
      }
      encoder.write(message);
    },
  };
};

export const framingPeers: Readonly<Record<string, FramingPeer>> = {
  'it-length-prefixed, varints': libp2p(varintPrefixed()),
  'it-length-prefixed, 4 bytes': libp2p(lengthPrefixed(), fourBytes),
  'length-prefixed-stream': transforms(
    varintPrefixed(),
    lengthPrefixedStream.encode,
    () => lengthPrefixedStream.decode({ allowEmpty: true }),
    true,
  ),
  'frame-stream, 4 bytes': transforms(lengthPrefixed(), encodeFrames, decodeFrames, false),
  'frame-stream, 2 bytes': transforms(
    lengthPrefixed({ size: 2 }),
    () => encodeFrames({ lengthSize: 2 }),
    () => decodeFrames({ lengthSize: 2 }),
    false,
  ),
  'frame-stream, little-endian': transforms(
    lengthPrefixed({ littleEndian: true }),
    () => encodeFrames({ setLength: (buffer, size) => buffer.writeUInt32LE(size, 0) }),
    () => decodeFrames({ getLength: (buffer) => buffer.readUInt32LE(0) }),
    false,
  ),
};

/** Sends back what comes, and ends when the other side does. */
export async function echoOn(socket: Socket, peer: FramingPeer): Promise<void> {
  for await (const message of peer.messages(socket)) peer.send(socket, message);
  socket.end();
}

/** Sends messages, all at once, waits for as many, and ends. */
export async function askOn(
  socket: Socket,
  peer: FramingPeer,
  messages: readonly Uint8Array[],
): Promise<Uint8Array[]> {
  for (const message of messages) peer.send(socket, message);
  const answers: Uint8Array[] = [];
  for await (const message of peer.messages(socket)) {
    answers.push(Uint8Array.from(message));
    if (answers.length === messages.length) socket.end();
  }
  await once(socket, 'close');
  return answers;
}
