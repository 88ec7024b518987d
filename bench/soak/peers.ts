/** Peers, good and bad, in a process of their own. */
import { connect, type Socket } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { answer } from './calls.js';
import type { Kind } from './server.js';
import { dial, echo, frame, type Host, header, opening, times } from './talk.js';

/** Whom, and how. */
export interface To {
  readonly kind: Kind;
  readonly hosts: readonly Host[];
}

/** How a bad peer is bad. */
export type Badness = 'never-reads' | 'announces' | 'opening' | 'header' | 'payload';

/** When an answer came, in milliseconds since 1970, and how long it was waited for; then the next. */
export type Waits = Float64Array;

const message = new Uint8Array(64).fill(7);
const held: Socket[] = [];
/** When each bad peer was cut, in milliseconds since it had done its deed. */
let cut: number[] = [];

const hostOf = ({ hosts }: To, index: number) => hosts[index % hosts.length] as Host;

async function open({
  count,
  atOnce = 100,
  ...to
}: To & { readonly count: number; readonly atOnce?: number }) {
  const began = performance.now();
  await times(count, atOnce, async (index) => {
    const socket = await dial(to.kind, hostOf(to, index));
    socket.on('error', () => {});
    held.push(socket);
  });
  return performance.now() - began;
}

/** Each sends one message, all at once, and all come back. */
async function echoAll({ kind }: { readonly kind: Kind }) {
  const began = performance.now();
  await Promise.all(held.map((socket) => echo(kind, socket, message)));
  return performance.now() - began;
}

/** RST, all in one turn. */
function cutAll() {
  for (const socket of held.splice(0)) socket.resetAndDestroy();
}

/** Resolves when the other side has ended them all. */
async function endedAll() {
  const began = performance.now();
  await Promise.all(
    held.splice(0).map((socket) => {
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.resume().once('end', () => socket.end());
      return socket.closed ? undefined : closed;
    }),
  );
  return performance.now() - began;
}

let waits: number[] = [];
let isProbing = false;
let probing: Promise<unknown> = Promise.resolve();

/** Good peers: a message, its echo, and a pause, again and again. */
function probe({ count, ...to }: To & { readonly count: number }) {
  isProbing = true;
  waits = [];
  const converse = async (index: number) => {
    const socket = await dial(to.kind, hostOf(to, index));
    while (isProbing) {
      const began = performance.now();
      await echo(to.kind, socket, message);
      const now = performance.now();
      waits.push(performance.timeOrigin + now, now - began);
      await pass(20);
    }
    socket.end();
  };
  probing = Promise.all(Array.from({ length: count }, (_, index) => converse(index)));
  probing.catch(() => {});
}

/** They leave. How long they have waited, each time. */
async function probed(): Promise<Waits> {
  isProbing = false;
  await probing;
  return Float64Array.from(waits);
}

/** One byte: whoever says so is flooded. */
const flood = Uint8Array.of(1);

/** What a bad peer says before it is slow, and how long it takes for each further byte, if it says any: never idle for long. */
function deed(
  how: Badness,
  kind: Kind,
  size: number,
): { readonly said: Uint8Array; readonly dripMs?: number } {
  const begin = (...parts: readonly Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  switch (how) {
    case 'never-reads':
      return { said: begin(opening(kind), frame(kind, flood)) };
    case 'announces':
      return { said: begin(opening(kind), header(size)) };
    case 'opening':
      return { said: begin() };
    case 'header':
      return { said: begin(opening(kind), Uint8Array.of(0)), dripMs: 2_000 };
    case 'payload':
      return { said: begin(opening(kind), header(size)), dripMs: 1_000 };
  }
}

/** Bad peers, all of one kind, one after the other. They never read, but for those that drip: who does not read does not hear that it was cut. */
async function misbehave({
  how,
  count,
  size,
  withinMs,
  ...to
}: To & {
  readonly how: Badness;
  readonly count: number;
  readonly size: number;
  readonly withinMs: number;
}) {
  cut = [];
  const { said, dripMs } = deed(how, to.kind, size);
  const first = performance.now();
  await times(count, 100, async (index) => {
    await pass(Math.max(0, first + (index * withinMs) / count - performance.now()));
    const socket = connect({ ...hostOf(to, index), noDelay: true });
    held.push(socket);
    await new Promise<void>((resolve) => socket.once('connect', resolve).once('error', () => resolve()));
    if (said.length > 0) socket.write(said);
    const began = performance.now();
    const drip = dripMs ? setInterval(() => socket.write(Uint8Array.of(0)), dripMs) : undefined;
    socket.on('error', () => {});
    socket.once('close', () => {
      clearInterval(drip);
      cut.push(performance.now() - began);
    });
    if (how !== 'never-reads') socket.resume().once('end', () => socket.end());
    else socket.pause();
  });
}

/** How many bad peers were cut, and how long the last of them was let. */
const cuts = () => ({ count: cut.length, last: Math.max(0, ...cut) });

/** Connects, sends a message, waits for its echo, closes; again and again. */
async function churn({ count, atOnce, ...to }: To & { readonly count: number; readonly atOnce: number }) {
  await times(count, atOnce, async (index) => {
    const socket = await dial(to.kind, hostOf(to, index));
    await echo(to.kind, socket, message);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.end();
    await closed;
  });
}

/** Small, seeded, and good enough: mulberry32. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Says a part of a conversation, to a random offset, waits for a random moment, and resets. */
async function resets({
  count,
  atOnce,
  seed,
  ...to
}: To & { readonly count: number; readonly atOnce: number; readonly seed: number }) {
  const dice = random(seed);
  const whole = Buffer.concat([
    opening(to.kind),
    ...[0, 1, 300, 2_000].map((size) => frame(to.kind, new Uint8Array(size).fill(size))),
  ]);
  await times(count, atOnce, (index) => {
    const part = whole.subarray(0, dice(whole.length + 1));
    const reads = dice(2) === 0;
    return new Promise<void>((resolve) => {
      const socket = connect({ ...hostOf(to, index), noDelay: true });
      const reset = () => socket.resetAndDestroy();
      socket.on('error', () => {});
      socket.once('close', () => resolve());
      // Before anything, when it is written, in the turn behind that, or when it has probably been read.
      const after = [reset, () => setImmediate(reset), () => setTimeout(reset, 2)][dice(3)] as () => void;
      socket.once('connect', () => {
        if (reads) socket.resume();
        if (part.length === 0) reset();
        else socket.write(part, after);
      });
    });
  });
}

/** A message of so many bytes, each of which is written by itself, and its echo. */
async function byteByByte({ bytes, ...to }: To & { readonly bytes: number }) {
  const socket = await dial(to.kind, hostOf(to, 0));
  socket.on('error', () => {});
  const whole = frame(to.kind, new Uint8Array(bytes).fill(9));
  let came = 0;
  const back = new Promise<void>((resolve) => {
    let granted = false;
    socket.on('data', (chunk) => {
      came += chunk.length;
      if (!granted && came >= 5) {
        granted = true;
        socket.write(opening(to.kind));
      }
      if (came >= bytes + 5) resolve();
    });
  });
  const began = performance.now();
  for (let at = 0; at < whole.length; at++) {
    const room = socket.write(whole.subarray(at, at + 1));
    if (!room) await new Promise((resolve) => socket.once('drain', resolve));
    else if (at % 64 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await back;
  socket.end();
  return performance.now() - began;
}

const calls = { open, echoAll, cutAll, endedAll, probe, probed, misbehave, cuts, churn, resets, byteByByte };

export type PeerCalls = typeof calls;
answer(calls);
