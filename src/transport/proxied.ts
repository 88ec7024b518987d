import type { Socket } from 'node:net';
import { Observable } from 'rxjs';
import { WireError } from '../errors.js';
import { formatAddress } from './address.js';
import { nodeError } from './node-errors.js';
import { demandTimes, patience } from './patience.js';
import { proxyHeader } from './proxy-header.js';
import type { AddressList, ProxyProtocol } from './proxy-options.js';
import type { WireEnds } from './socket-wire.js';
import type { BoundAddress } from './transport.js';

/**
 * Reads the header that a proxy puts before the bytes of its client: emits the ends with the client's address as `remote`, and completes. The socket is paused again
 * then, its next byte the one behind the header.
 *
 * Fails, with the socket destroyed: `access-denied` for a caller that is no proxy of ours, `bad-proxy-header`, `handshake-timeout`.
 */
export function proxied(
  socket: Socket,
  ends: WireEnds,
  { from, headerTimeoutMs = 5_000 }: ProxyProtocol,
): Observable<WireEnds> {
  const proxy = `The proxy ${formatAddress(ends.remote)}`;
  return new Observable((subscriber) => {
    let known = new Uint8Array(0);
    let done = false;
    const fail = (error: Error) => subscriber.error(error);
    const bad = (why: string) =>
      fail(new WireError('bad-proxy-header', `${proxy} sent no PROXY header: ${why}`));
    const onError = (error: Error) => fail(nodeError(proxy, error));
    const onEnd = () => bad('it ended');

    function onData(chunk: Uint8Array): void {
      known = joined(known, chunk);
      const header = proxyHeader(known);
      if (header === 'incomplete') return;
      if ('wrong' in header) bad(header.wrong);
      else take(header);
    }

    function take({
      length,
      remote = ends.remote,
    }: {
      readonly length: number;
      readonly remote?: BoundAddress;
    }): void {
      done = true;
      socket.off('data', onData).off('end', onEnd).pause();
      if (known.length > length) socket.unshift(known.subarray(length));
      subscriber.next({ ...ends, remote });
      socket.off('error', onError);
      subscriber.complete();
    }

    socket.on('error', onError);
    subscriber.add(() => {
      if (!done) socket.destroy();
    });
    const refusal = refusalOf(from, ends.remote);
    if (refusal) return fail(refusal);
    socket.on('data', onData).on('end', onEnd).resume();
    const late = () =>
      new WireError('handshake-timeout', `${proxy} sent no PROXY header within ${headerTimeoutMs} ms`);
    subscriber.add(patience(headerTimeoutMs).subscribe(() => fail(late())));
  });
}

function refusalOf(from: AddressList, remote: BoundAddress): WireError | undefined {
  const who = formatAddress(remote);
  try {
    if (isTrusted(from, remote)) return undefined;
  } catch (cause) {
    return new WireError('access-denied', `Nobody could say whether ${who} is a proxy of ours`, { cause });
  }
  return new WireError('access-denied', `${who} called and is no proxy of ours`);
}

/** Who calls by a Unix socket has no address, and was let in by the permissions of its file. What is no yes, a promise above all, is none. */
const isTrusted = (from: AddressList, remote: BoundAddress): boolean =>
  'path' in remote || from.check(remote.host, remote.host.includes(':') ? 'ipv6' : 'ipv4') === true;

/** @throws TypeError, RangeError for what cannot be meant */
export function demandProxy({ from, headerTimeoutMs }: ProxyProtocol): void {
  if (typeof from?.check !== 'function')
    throw new TypeError('proxyProtocol.from is a net.BlockList, or has a check as it has');
  demandTimes({ 'proxyProtocol.headerTimeoutMs': headerTimeoutMs });
}

function joined(known: Uint8Array, chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(known.length + chunk.length);
  both.set(known);
  both.set(chunk, known.length);
  return both;
}
