import 'reflect-metadata';
import type { AddressInfo, Server } from 'node:net';
import { ClientTCP, ServerTCP } from '@nestjs/microservices';
import { type Peer, sample } from '../peer.js';
import { sendEach } from '../raw/send-each.js';

/**
 * The TCP transport of `@nestjs/microservices`, without the rest of Nest: events one way, requests for echoes.
 * Its messages are JSON, so ours are texts of the size; bytes would be more of them.
 */
export const nestjs: Peer = {
  name: '@nestjs/microservices',

  sink: ({ got }) => listening((server) => server.addHandler('say', handler(got), true)),

  async source({ size, port }) {
    const text = sample(size).toString('base64').slice(0, size);
    const client = await connected(port);
    sendEach(size, (done) => client.emit('say', text).subscribe({ complete: done }));
  },

  echoServer: () => listening((server) => server.addHandler('ask', async (text: unknown) => text)),

  async echoClient({ size, window, port, got }) {
    const text = sample(size).toString('base64').slice(0, size);
    const client = await connected(port);
    const ask = () => {
      client.send('ask', text).subscribe({
        next: (answer) => {
          got(answer);
          ask();
        },
      });
    };
    for (let asked = 0; asked < window; asked++) ask();
  },
};

const handler = (got: (text: never) => void) => async (text: unknown) => got(text as never);

const options = { host: '127.0.0.1', maxSendBufferSize: 1 << 30 };

function listening(prepare: (server: ServerTCP) => void): Promise<number> {
  const server = new ServerTCP({ ...options, port: 0 });
  prepare(server);
  return new Promise((resolve) => {
    server.listen(() => resolve((server.unwrap<Server>().address() as AddressInfo).port));
  });
}

async function connected(port: number): Promise<ClientTCP> {
  const client = new ClientTCP({ ...options, port });
  await client.connect();
  return client;
}
