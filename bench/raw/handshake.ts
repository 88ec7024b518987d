import type { Socket } from 'node:net';
import type { Got, Wire } from '../peer.js';
import { handshakeReader } from './handshake-reader.js';
import { Slab } from './slab.js';
import type { Chunk } from './tuned-sockets.js';

const OK = 0xff;
const mostUnanswered = 64;

/** The next message to send, if there is one. */
export type More = () => Uint8Array | undefined;

export interface Talk {
  readonly chunk: Chunk;
  /** There is something to send again. */
  begin(): void;
}

/** One side of a conversation in the tinyproto handshake, strict or pipelined. */
export function talk(socket: Socket, wire: Wire, got: Got, more: More = () => undefined): Talk {
  const slab = new Slab(socket);
  const sending = wire === 'pipelined' ? pipelined(slab, more) : strict(slab, more);
  slab.byte(OK);
  return {
    chunk: handshakeReader({ answered: sending.answered, asked: () => slab.byte(OK), got }),
    begin: sending.begin,
  };
}

interface Sending {
  begin(): void;
  answered(): void;
}

/** The payload follows the OK for its size, in one write with the next size. */
function strict(slab: Slab, more: More): Sending {
  let isOpen = false;
  let asked: Uint8Array | undefined;

  function begin(): void {
    if (asked || !isOpen) return;
    asked = more();
    if (asked) slab.header(asked.length);
  }

  function answered(): void {
    if (asked) slab.bytes(asked);
    asked = undefined;
    isOpen = true;
    begin();
  }

  return { begin, answered };
}

/** Up to 64 frames go out ahead of their OKs, each with its payload. */
function pipelined(slab: Slab, more: More): Sending {
  let isOpen = false;
  let free = 0;

  function begin(): void {
    while (free > 0) {
      const message = more();
      if (!message) return;
      free--;
      slab.frame(message);
    }
  }

  function answered(): void {
    free = isOpen ? free + 1 : mostUnanswered;
    isOpen = true;
    begin();
  }

  return { begin, answered };
}
