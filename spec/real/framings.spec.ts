import { once } from 'node:events';
import { type AddressInfo, createServer, connect as dialSocket } from 'node:net';
import {
  type Connection,
  connect,
  consume,
  converse,
  delimited,
  type Framing,
  fixedLength,
  jsonTexts,
  lengthPrefixed,
  lines,
  varintPrefixed,
} from 'rx-tinyproto';
import { ignoreElements, lastValueFrom, merge, take, toArray } from 'rxjs';
import { describe, expect, it, type TestContext } from 'vitest';
import { hexOf } from '../helpers/decoded.js';
import { askOn, echoOn, type FramingPeer, framingPeers } from '../helpers/framing-peers.js';
import { serving } from '../helpers/loopback.js';
import { describePeer, onPath } from '../helpers/peers.js';
import { patterned, python } from '../helpers/python.js';

const echo = (conn: Connection) => conn.messages$.pipe(consume((message) => conn.send(message)));

/** Our client: sends messages, all at once, waits for as many, and closes. */
function ask(port: number, framing: Framing, messages: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const talk = (conn: Connection) =>
    merge(conn.messages$.pipe(take(messages.length)), conn.sendAll(messages).pipe(ignoreElements()));
  return lastValueFrom(connect(port, { framing }).pipe(converse(talk), toArray()));
}

/** Sizes around every border that a prefix has. */
const messagesFor = (most: number, empty: boolean): Uint8Array[] =>
  [0, 1, 2, 127, 128, 255, 256, 300, 16_383, 16_384, 65_535, 65_536, 1_000_000, 3]
    .filter((size) => size <= most && (empty || size > 0))
    .map((size, index) => patterned(size, index));

describe.each(Object.entries(framingPeers))('%s', (_, peer) => {
  const messages = messagesFor(peer.framing.maxMessageBytes, peer.empty);

  it('understands our client, and is understood', async (test) => {
    const answers = await ask(await echoServer(test, peer), peer.framing, messages);
    expect(answers.map(hexOf)).toEqual(messages.map(hexOf));
  });

  it('understands our server, and is understood', async (test) => {
    const server = await serving(test, echo, { framing: peer.framing });
    const socket = dialSocket({ port: server.port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    test.onTestFinished(() => void socket.destroy());
    const answers = await askOn(socket, peer, messages);
    expect(answers.map(hexOf)).toEqual(messages.map(hexOf));
    expect(server.errors).toEqual([]);
  });
});

/** A server of somebody else's that sends back what comes. */
async function echoServer({ onTestFinished }: TestContext, peer: FramingPeer): Promise<number> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void echoOn(socket, peer));
  onTestFinished(() => void server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const texts = ['a', '', 'two words', 'é€😀', '\ra\r.', 'x'.repeat(20_000)].map((text) => patterned(text));
const values = ['{"a":[1,"]"]}', '[]', '{}', '["\\\\","\\"}"]'].map((text) => patterned(text));

/** Framings that a Python program speaks with `asyncio` and `struct` alone, and messages for them. */
const spoken: Readonly<Record<string, readonly [Framing, readonly Uint8Array[]]>> = {
  length: [lengthPrefixed(), messagesFor(20_000, true)],
  'length-little': [lengthPrefixed({ size: 2, littleEndian: true, adjust: -2 }), messagesFor(20_000, true)],
  'length-8': [lengthPrefixed({ size: 8 }), messagesFor(20_000, true)],
  varint: [varintPrefixed(), messagesFor(20_000, true)],
  lines: [lines(), texts],
  'lines-crlf': [lines({ ending: '\r\n' }), texts],
  delimited: [delimited(Uint8Array.of(0)), texts],
  fixed: [fixedLength(188), [patterned(188, 1), patterned(188, 2), patterned(188, 3)]],
  json: [jsonTexts(), values],
};

describePeer('Python', onPath('python3'), () => {
  describe.each(Object.entries(spoken))('with %s', (what, [framing, messages]) => {
    it('understands our client, and is understood', async (test) => {
      const peer = python(test, 'framings.py', { role: 'server', do: what });
      const { port } = await peer.next('listening');
      const large = messagesFor(1_000_000, true).slice(-4);
      const all =
        framing.name.endsWith('prefixed') && framing.maxMessageBytes > 1_000_000
          ? [...messages, ...large]
          : messages;
      expect((await ask(port as number, framing, all)).map(hexOf)).toEqual(all.map(hexOf));
      expect(await peer.next('ended')).toEqual({ event: 'ended', half: 0 });
    });

    it('understands our server, and is understood', async (test) => {
      const server = await serving(test, echo, { framing });
      const script = { role: 'client', do: what, port: server.port, messages: messages.map(hexOf) } as const;
      const peer = python(test, 'framings.py', script);
      expect(await peer.next('answered')).toEqual({ event: 'answered', same: true, rest: 0 });
      expect(server.errors).toEqual([]);
    });
  });
});
