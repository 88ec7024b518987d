import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { type Subscription, timer } from 'rxjs';
import type { RawData, WebSocket } from 'ws';
import { WireError } from '../errors.js';
import { timerMs } from '../time.js';
import { endsOf, type WireEnds } from '../transport/socket-wire.js';
import { securityOf } from '../transport/tls-security.js';
import type { Upgrade, Wire } from '../transport/transport.js';
import { tellSoon, toldBesides } from '../transport/write-turns.js';
import { frameWire, type Road, type RoadEvents } from './frame-wire.js';
import type { WebSocketOptions } from './ws-options.js';

const nothing = new Uint8Array(0);

/**
 * A WebSocket of `ws` as a `Wire`. Every event of it is handled here, and nowhere else; of its socket nobody else knows.
 *
 * To be called in the task in which it came up. It is paused until somebody reads, so the kernel holds the peer.
 */
export function wsWire(
  ws: WebSocket,
  socket: Socket,
  options: WebSocketOptions,
  asked: Omit<Upgrade, 'protocol'>,
  ends: WireEnds = endsOf(socket),
): Wire {
  const wire = frameWire((on) => wsRoad(ws, socket, options, on), {
    ...ends,
    ...options,
    // A paused socket brings what lies in one read of the kernel's, and no more.
    maxUnreadBytes: Number.POSITIVE_INFINITY,
  });
  const security = socket instanceof TLSSocket ? securityOf(socket, false) : undefined;
  return { ...wire, security, upgrade: { ...asked, protocol: ws.protocol } };
}

function wsRoad(ws: WebSocket, socket: Socket, options: WebSocketOptions, on: RoadEvents): Road {
  const { probeMs = 5_000, pingMs = 30_000 } = options;
  let probing: Subscription | undefined;
  let corked = false;
  const told: (() => void)[] = [];
  const telling = {
    tell() {
      const all = told.splice(0);
      if (all.length > 1) toldBesides(all.length - 1);
      for (const taken of all) taken();
    },
  };

  socket.setKeepAlive(true, 30_000);
  const pinging = timer(timerMs(pingMs), timerMs(pingMs)).subscribe(() => {
    // Whoever is held may have no room for an answer: some hang up when too many wait.
    if (isOpen() && !ws.isPaused && ws.bufferedAmount === 0) ws.ping();
  });
  ws.on('message', (message, isBinary) => {
    if (isBinary) on.chunk(plain(message));
    else on.text(message.toString());
  });
  ws.on('error', (cause) =>
    on.broken(new WireError('bad-frame', 'The peer broke the WebSocket protocol', { cause })),
  );
  ws.on('close', (code, reason) => {
    pinging.unsubscribe();
    probing?.unsubscribe();
    telling.tell();
    on.closed(code, reason.toString());
  });
  flow(false);

  /** Not any more once either side has sent its close frame. */
  function isOpen(): boolean {
    return ws.readyState === ws.OPEN;
  }

  /** A socket that is not read hears nothing of RST; a write does. A pong that nobody asked for is nothing to answer. */
  function flow(wanted: boolean): void {
    probing?.unsubscribe();
    if (ws.readyState === ws.CLOSED) return;
    if (wanted) {
      ws.resume();
      return;
    }
    ws.pause();
    probing = timer(timerMs(probeMs), timerMs(probeMs)).subscribe(() => {
      if (isOpen() && ws.bufferedAmount === 0) ws.pong();
    });
  }

  /** What is written in one turn of the loop goes to the kernel together. */
  function cork(): void {
    if (corked) return;
    corked = true;
    socket.cork();
    process.nextTick(() => {
      corked = false;
      socket.uncork();
    });
  }

  /** What went to the kernel together is told of together. Node 20 reports success for what a dying socket had under way. The close that follows settles it. */
  const ifTaken = (taken: () => void) => (error?: Error | null) => {
    if (!error && !socket.destroyed && told.push(taken) === 1) tellSoon(telling);
  };

  return {
    flow,
    write(bytes, taken) {
      if (!isOpen()) return;
      cork();
      if (bytes.length === 0) socket.write(nothing, ifTaken(taken));
      else ws.send(bytes, ifTaken(taken));
    },
    close(code, sent) {
      if (!isOpen()) return;
      ws.close(code);
      socket.write(nothing, ifTaken(sent));
    },
    cut() {
      if ('encrypted' in socket) ws.terminate();
      // A shutdown under way makes libuv refuse the reset, and Node then forgets the socket. It takes one round of the loop.
      else if (socket.writableEnded && !socket.writableFinished)
        socket.once('finish', () => socket.resetAndDestroy());
      else socket.resetAndDestroy();
    },
  };
}

/** Not a Buffer: its `slice` shares memory, where everybody else's copies. */
function plain(message: RawData): Uint8Array {
  const { buffer, byteOffset, byteLength } = message as Buffer;
  return new Uint8Array(buffer, byteOffset, byteLength);
}
