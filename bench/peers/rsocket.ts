import { createServer, type Socket } from 'node:net';
import {
  BufferEncoders,
  type ReactiveSocket,
  type Responder,
  RSocketClient,
  RSocketServer,
} from 'rsocket-core';
import { Flowable, Single, type Subscription } from 'rsocket-flowable';
import tcpClient from 'rsocket-tcp-client';
import tcpServer from 'rsocket-tcp-server';
import { type Got, type Peer, sample } from '../peer.js';
import { portOf } from '../raw/port.js';
import { underWay } from '../raw/send-each.js';

/** `rsocket-core` over its TCP transport: one way is a stream that the server asks for, as much as it has room for; echoes are requests with a response. */
export const rsocket: Peer = {
  name: 'rsocket-core',

  sink: ({ size, got }) =>
    listening((socket) => {
      setImmediate(() => draw(socket, underWay(size), got));
      return {};
    }),

  source({ size, port }) {
    const message = { data: sample(size) };
    const requestStream = () =>
      new Flowable<typeof message>((subscriber) => {
        const request = (count: number) => {
          for (let sent = 0; sent < count; sent++) subscriber.onNext(message);
        };
        subscriber.onSubscribe({ request, cancel() {} });
      });
    connected(port, () => {}, { requestStream });
  },

  echoServer: () => listening(() => ({ requestResponse: ({ data }) => Single.of({ data }) })),

  echoClient({ size, window, port, got }) {
    const message = { data: sample(size) };
    connected(port, (socket) => {
      const ask = () => {
        socket.requestResponse(message).subscribe({
          onComplete({ data }) {
            got(data);
            ask();
          },
          onError() {},
        });
      };
      for (let asked = 0; asked < window; asked++) ask();
    });
  },
};

/** Asks for half as many again when half of them have come. */
function draw(socket: ReactiveSocket, credit: number, got: Got): void {
  let subscription: Subscription | undefined;
  let left = credit;
  socket.requestStream({ data: Buffer.alloc(0) }).subscribe({
    onSubscribe(given) {
      subscription = given;
      given.request(credit);
    },
    onNext({ data }) {
      got(data);
      if (--left > credit / 2) return;
      subscription?.request(credit - left);
      left = credit;
    },
    onError() {},
    onComplete() {},
  });
}

/** Its transport makes its own server: a factory shows us the port. */
function listening(getRequestHandler: (socket: ReactiveSocket) => Responder): Promise<number> {
  return new Promise((resolve, reject) => {
    const serverFactory = (onConnection: (socket: Socket) => void) => {
      const server = createServer({ noDelay: true }, onConnection);
      portOf(server).then(resolve, reject);
      return { listen() {}, on() {}, close() {} };
    };
    const transport = new tcpServer.default({ serverFactory }, BufferEncoders);
    new RSocketServer({ getRequestHandler, transport }).start();
  });
}

const mimeType = 'application/octet-stream';
const setup = { dataMimeType: mimeType, metadataMimeType: mimeType, keepAlive: 60_000, lifetime: 180_000 };

function connected(port: number, up: (socket: ReactiveSocket) => void, responder: Responder = {}): void {
  const transport = new tcpClient.default({ port, host: '127.0.0.1', noDelay: true }, BufferEncoders);
  new RSocketClient({ setup, transport, responder }).connect().then(up);
}
