import { type Connection, connect, consume, converse, relay } from 'rx-tinyproto';
import { distinctUntilChanged, filter, ignoreElements, map, merge, of, scan } from 'rxjs';
import { type Cleanup, type Handler, type Served, type ServedOptions, serving } from './loopback.js';

/** A server behind so many relays; gives the port in front, and all servers, the far one first. */
export async function behind(
  test: Cleanup,
  hops: number,
  handler: Handler,
  options: ServedOptions = {},
): Promise<{ port: number; servers: Served[] }> {
  const servers = [await serving(test, handler, options)];
  for (let hop = 0; hop < hops; hop++) {
    const onwards = (servers.at(-1) as Served).port;
    const passOn: Handler = (inside) =>
      connect(onwards, options).pipe(converse((outside) => relay(inside, outside)));
    servers.push(await serving(test, passOn, options));
  }
  return { port: (servers.at(-1) as Served).port, servers };
}

export const numbered = (index: number) => new Uint8Array(new Uint32Array([index]).buffer);
export const numberOf = (message: Uint8Array) =>
  new DataView(message.buffer, message.byteOffset).getUint32(0, true);

/** Streams so many requests, and answers those of the peer from inside its handler. A request is even, its reply one more. Emits once all replies have come, and goes on to answer. */
export const asksAndAnswers = (messages: number) => (conn: Connection) => {
  function* requests() {
    for (let index = 0; index < messages; index++) yield numbered(2 * index);
  }
  const answer = (message: Uint8Array) => {
    const number = numberOf(message);
    return number % 2 === 0 ? conn.send(numbered(number + 1)).pipe(map(() => 0)) : of(1);
  };
  const replies$ = conn.messages$.pipe(
    consume(answer),
    scan((replies, reply) => replies + reply, 0),
    distinctUntilChanged(),
    filter((replies) => replies === messages),
  );
  return merge(conn.sendAll(requests()).pipe(ignoreElements()), replies$);
};
