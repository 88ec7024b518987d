import type { Socket } from 'node:net';
import { markAsUntransferable } from 'node:worker_threads';

/** As much as one read takes from the kernel. */
const readBytes = 262_144;

const tinyBytes = 64;
const largeBytes = 4_096;

/** Whoever takes what was read. */
export interface Reader {
  /** A chunk of its own. */
  received(chunk: Uint8Array): void;
  /** Is to read nothing until the loop has gone round. */
  rest(): void;
  /** That has gone round. */
  readOn(): void;
  /** There is nothing more to read. */
  ended(): void;
  /** Made with the first large read; to be closed when the socket is gone. */
  bulk: Bulk | undefined;
}

/** Where a socket has its owner. Its listeners are the same for all sockets, and look there: ten thousand of them would otherwise have some each. */
export const owner = Symbol('owner');

export interface OwnedSocket<By extends Owner = Owner> extends Socket {
  [owner]: By;
}

export interface Owner {
  readonly reads: Reader;
}

/** What Node has for sockets that read into a buffer of the caller's, under names that are its own affair. */
interface PrivateSocket {
  readonly _handle?: { readonly useUserBuffer?: (buffer: Uint8Array) => void } | null;
  [name: symbol]: unknown;
}

/** From here on a read counts as a large one, and below the other not any more. */
const manyBytes = 65_536;
const fewBytes = 8_192;
/** After so many large reads in a row a socket gets an arena. */
const largeReads = 4;
const arenaBytes = 524_288;
/** When full reads have kept the loop for so long, over all sockets, it goes round before the next. */
const longMs = 4;
/** So many sockets have one at most. */
const mostArenas = 16;

/** Where a socket of Node's keeps what to read into, whom to tell, and who says what comes next. */
interface Names {
  readonly buffer: symbol;
  readonly received: symbol;
  readonly next: symbol;
}

let buffer: Uint8Array | undefined;
let names: Names | undefined;
let arenas = 0;
let firstFullRead: number | undefined;
const resting: Reader[] = [];

/**
 * Has a socket read into one buffer that all sockets share, from which each chunk is copied once, at its true size: twice as fast as Node's own way, which makes a buffer of 64 KiB
 * for each read and cuts it down. That is Node's option `onread`, which its server has no way to ask for; so it is set where the option would set it.
 *
 * A socket that brings much reads into an arena of its own, from which nothing is copied: its chunks lie behind each other.
 *
 * Returns whether it does: not where this is not the Node it was written for, and not under TLS.
 */
export function readTogether(socket: Socket): boolean {
  const inner = socket as unknown as PrivateSocket;
  const handle = inner._handle;
  if (typeof handle?.useUserBuffer !== 'function' || 'encrypted' in socket) return false;
  names ??= namesOf(socket);
  if (names === undefined) return false;
  buffer ??= Buffer.allocUnsafeSlow(readBytes);
  inner[names.buffer] = buffer;
  inner[names.received] = received;
  handle.useUserBuffer(buffer);
  return true;
}

/** Node has read so much, and calls this of the socket. What fills the place to read to has more behind it, which Node reads at once, up to 32 times: of small messages that would be seconds. */
function received(this: OwnedSocket, size: number, from: Uint8Array): boolean {
  const to = this[owner].reads;
  if (size >= manyBytes)
    to.bulk ??= new Bulk(this as unknown as PrivateSocket, names as Names, buffer as Uint8Array);
  const chunk = to.bulk ? to.bulk.chunk(size, from) : copyOf(from, size);
  if (size < from.length) {
    to.received(chunk);
    return true;
  }
  const since = fullReadsSince();
  to.received(chunk);
  if (performance.now() - since < longMs) return true;
  to.rest();
  resting.push(to);
  return false;
}

/** When the first full read came since the loop last went round. */
function fullReadsSince(): number {
  if (firstFullRead === undefined) {
    firstFullRead = performance.now();
    setImmediate(goneRound);
  }
  return firstFullRead;
}

function goneRound(): void {
  firstFullRead = undefined;
  for (const reader of resting.splice(0)) reader.readOn();
}

/** Where one socket reads to that brings much. */
export class Bulk {
  readonly #socket: PrivateSocket;
  readonly #names: Names;
  readonly #shared: Uint8Array;
  #arena: Uint8Array | undefined;
  #at = 0;
  #large = 0;

  constructor(socket: PrivateSocket, names: Names, shared: Uint8Array) {
    this.#socket = socket;
    this.#names = names;
    this.#shared = shared;
  }

  /** What was read, as a chunk of its own. Plain, not a Buffer, whose `slice` shares memory. */
  chunk(size: number, from: Uint8Array): Uint8Array {
    if (from !== this.#shared) {
      this.#at += size;
      if (size < fewBytes) this.#large = 0;
      return new Uint8Array(from.buffer, from.byteOffset, size);
    }
    this.#large = size < manyBytes ? 0 : this.#large + 1;
    if (this.#large === largeReads && arenas < mostArenas) this.#open();
    return copyOf(from, size);
  }

  /** Lets go of the arena: behind the last read, or as the next one goes to the shared buffer. */
  close(): void {
    if (this.#arena) arenas -= 1;
    this.#arena = undefined;
    this.#socket[this.#names.next] = null;
  }

  #open(): void {
    arenas += 1;
    this.#renew();
    this.#socket[this.#names.next] = () => this.#next();
  }

  #renew(): void {
    this.#arena = Buffer.allocUnsafeSlow(arenaBytes);
    // Whoever posts a message to another thread gets a copy there, or is refused: the kernel writes here on.
    markAsUntransferable(this.#arena.buffer);
    this.#at = 0;
  }

  /** Where the next read goes to. */
  #next(): Uint8Array {
    if (this.#large < largeReads) this.close();
    else if (arenaBytes - this.#at < manyBytes) this.#renew();
    return this.#arena?.subarray(this.#at, this.#at + readBytes) ?? this.#shared;
  }
}

function copyOf(from: Uint8Array, size: number): Uint8Array {
  const copy = placeInPool(size);
  if (size > 16) copy.set(size === from.length ? from : from.subarray(0, size));
  else for (let at = 0; at < size; at++) copy[at] = from[at] as number;
  return copy;
}

/**
 * Where a chunk goes, which is somebody's to keep. The engine keeps arrays of up to 64 bytes with its objects, and takes long to make memory of its own for a larger one: so those
 * are pieces of Node's pool, as its own chunks would be. A tiny one that is kept holds nothing else, and nobody can give the pool away to another thread.
 */
function placeInPool(size: number): Uint8Array {
  if (size <= tinyBytes) return new Uint8Array(size);
  const { buffer, byteOffset } = size < largeBytes ? Buffer.allocUnsafe(size) : Buffer.allocUnsafeSlow(size);
  return new Uint8Array(buffer, byteOffset, size);
}

function namesOf(socket: Socket): Names | undefined {
  const symbols = Object.getOwnPropertySymbols(socket);
  const named = (name: string) => symbols.find(({ description }) => description === name);
  const [forBuffer, received, next] = [named('kBuffer'), named('kBufferCb'), named('kBufferGen')];
  return forBuffer && received && next && { buffer: forBuffer, received, next };
}
