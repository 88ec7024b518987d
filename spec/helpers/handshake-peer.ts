import { ByteQueue } from '../../src/bytes/byte-queue.js';
import { Fifo } from '../../src/bytes/fifo.js';
import type { ErrorCode } from '../../src/errors.js';
import { type Conversation, newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { type Rules, rulesOf } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoPort } from '../../src/framing/tinyproto-port.js';
import type { Frame } from '../../src/outbox/frame.js';

/**
 * One end of a modelled connection: the real machine, and above it the queue and the handler that a connection would have.
 *
 * Classes of messages stand for their sizes: `0` empty, `s` small, `r` small and answered by the receiver's handler, `L` larger than may go early,
 * `X` above the receiver's limit, `x` above it and small. Their bytes are chosen to look like signals and headers.
 */
export type Class = '0' | 's' | 'r' | 'L' | 'X' | 'x';

const BODIES: { readonly [C in Class]: readonly number[] } = {
  0: [],
  s: [0xff],
  r: [0x00],
  L: [0xff, 0xfd],
  X: [0x00, 0xff, 0x00],
  x: [0xfd, 0xff],
};
const CLASSES = Object.keys(BODIES) as Class[];

export const FRAMES = Object.fromEntries(
  CLASSES.map((cls) => {
    const body = Uint8Array.from(BODIES[cls]);
    return [cls, { head: Uint8Array.of(0, 0, 0, body.length), body, tail: new Uint8Array(0) }];
  }),
) as { readonly [C in Class]: Frame };

/** How a modelled end behaves. */
export interface Setup {
  readonly window: number;
  readonly slots: number;
  readonly extraSlots: number;
  /** Messages that the application sends, in order; `endless` sends the first again and again. */
  readonly sends: string;
  readonly endless: boolean;
  /** Replies of the handler to each `r`, and their class. */
  readonly replies: number;
  readonly reply: Class;
  readonly consumes: boolean;
  /** Whether the application calls close() at some time after its last send. */
  readonly closes: boolean;
  /** Whether its sends are a stream, which gives way to answers (rule 3). */
  readonly streams: boolean;
  /** Whether a header arrives in two pieces or in one. */
  readonly split: boolean;
  readonly half: boolean;
  /** Half duplex: messages that may be unconsumed. */
  readonly most: number;
  /** Whether a chunk may hold all that is under way, too. */
  readonly joins: boolean;
}

/** A piece of what is under way: bytes that are never cut further, with what they truly are. The machine sees the bytes alone. */
export interface Piece {
  readonly kind: 'opening' | 'head' | 'rest' | 'header' | 'payload' | 'ok' | 'refusal' | 'fin';
  readonly cls: Class;
  readonly bytes: Uint8Array;
}

export const PIECES: readonly Piece[] = [
  { kind: 'opening', cls: '0', bytes: Uint8Array.of(0xff) },
  { kind: 'ok', cls: '0', bytes: Uint8Array.of(0xff) },
  { kind: 'refusal', cls: '0', bytes: Uint8Array.of(0xfd) },
  { kind: 'fin', cls: '0', bytes: new Uint8Array(0) },
  ...CLASSES.flatMap((cls): Piece[] => {
    const { head, body } = FRAMES[cls];
    return [
      { kind: 'head', cls, bytes: head.subarray(0, 1) },
      { kind: 'rest', cls, bytes: head.subarray(1) },
      { kind: 'header', cls, bytes: head },
      ...Array.from(body, (_, i): Piece => ({ kind: 'payload', cls, bytes: body.subarray(i, i + 1) })),
    ];
  }),
];

/** Pieces are written as letters, so that what is under way is a string. */
export const letterOf = (piece: Piece): string => String.fromCharCode(65 + PIECES.indexOf(piece));
export const pieceOf = (letter: string): Piece => PIECES[letter.charCodeAt(0) - 65] as Piece;
const letters = (kind: Piece['kind'], cls: Class = '0'): string =>
  PIECES.filter((piece) => piece.kind === kind && piece.cls === cls)
    .map(letterOf)
    .join('');
export const FIN = letters('fin');

/** A frame in the queue or under way: who wanted it, the stream of the application or a handler. */
interface Send {
  readonly from: 'app' | 'handler';
  readonly cls: Class;
}

/** All that an end remembers: the machine's conversation, and the application's part. */
export interface Peer {
  readonly talk: Conversation;
  sends: string;
  queue: Send[];
  /** Begun and without an outcome. */
  open: Send[];
  /** Replies that the running handler waits for; -1: none runs. */
  handler: number;
  failed: ErrorCode | '';
}

export interface Successor {
  readonly label: string;
  readonly peer: Peer;
  /** Letters of what was written. */
  readonly wrote: string;
}

/** Thrown for what may not happen. */
export class Violation extends Error {}

function violated(what: string): never {
  throw new Violation(what);
}

export function rulesFor(setup: Setup): Rules {
  // Of the two small sizes above the limit only one is ever in a configuration: it decides what the limit and the early bound are.
  return {
    ...rulesOf({ duplex: setup.half ? 'half' : 'full', maxUnconsumedMessages: setup.most }),
    window: setup.window,
    slots: setup.half ? Infinity : setup.slots,
    extraSlots: setup.half ? 0 : setup.extraSlots,
  };
}

/** The moves of one end, as functions from what it remembers to what it may remember next. */
export class Modelled {
  readonly #setup: Setup;
  readonly #rules: Rules;

  constructor(setup: Setup, sizes: { readonly maxMessageBytes: number; readonly earlyBytes: number }) {
    this.#setup = setup;
    this.#rules = { ...rulesFor(setup), ...sizes };
  }

  first(): Successor {
    const peer: Peer = {
      talk: newConversation(),
      sends: this.#setup.sends,
      queue: [],
      open: [],
      handler: -1,
      failed: '',
    };
    return this.#move('start', peer, (machine) => machine.start());
  }

  /** What the application and the connection may do, whatever is under way. */
  moves(from: Peer): Successor[] {
    if (from.failed) return [];
    return [
      this.#send(from),
      this.#take(from),
      this.#close(from),
      this.#end(from),
      this.#begin(from),
      this.#quiet(from),
    ].filter((move) => move !== undefined);
  }

  /** What the arrival of these pieces leads to, in one chunk. */
  arrival(from: Peer, pieces: readonly Piece[]): Successor {
    const [piece] = pieces as [Piece];
    if (piece.kind === 'fin') return this.#theirEnd(from);
    if (pieces.length === 1) this.#checkPlace(from.talk, piece);
    const chunk = Uint8Array.from(pieces.flatMap((each) => Array.from(each.bytes)));
    const label = pieces.map((each) => `${each.kind} ${each.cls}`).join(' + ');
    const next = this.#move(label, from, (machine) => machine.receive(chunk));
    if (pieces.length === 1) this.#checkDelivery(from.talk, next.peer.talk, piece);
    return next;
  }

  #send(from: Peer): Successor | undefined {
    const cls = from.sends[0] as Class | undefined;
    const waiting = from.queue.some((send) => send.from === 'app');
    if (cls === undefined || from.talk.life !== 'open' || (this.#setup.endless && waiting)) return undefined;
    return this.#move(`send ${cls}`, from, (_, peer) => {
      if (!this.#setup.endless) peer.sends = peer.sends.slice(1);
      peer.queue.push({ from: 'app', cls });
    });
  }

  #take(from: Peer): Successor | undefined {
    const { talk } = from;
    const open = talk.life === 'open';
    if (from.handler !== -1 || talk.inbox.length === 0 || !this.#setup.consumes) return undefined;
    return this.#move('take', from, (machine, peer) => {
      const cls = classOf(machine.read() as Uint8Array);
      if (cls === 'r' && this.#setup.replies > 0 && open) {
        peer.handler = this.#setup.replies;
        for (let i = 0; i < peer.handler; i += 1)
          peer.queue.push({ from: 'handler', cls: this.#setup.reply });
      } else {
        machine.consumed();
      }
    });
  }

  #close(from: Peer): Successor | undefined {
    if (!this.#setup.closes || from.sends !== '' || (from.talk.life !== 'open' && from.talk.life !== 'left'))
      return undefined;
    return this.#move('close()', from, (machine, peer) => {
      machine.close();
      peer.handler = -1;
    });
  }

  #end(from: Peer): Successor | undefined {
    if (from.queue.length > 0 || from.talk.life === 'ended') return undefined;
    let ends = false;
    const next = this.#move('FIN', from, (machine) => {
      ends = machine.tryEnd();
    });
    return ends ? { ...next, wrote: next.wrote + FIN } : undefined;
  }

  /** As a connection does: the first in the queue, or, if that is a stream's and must wait, the first answer behind it. */
  #begin(from: Peer): Successor | undefined {
    const probe = new TinyprotoMachine(this.#rules, NO_PORT, from.talk);
    const index = from.queue.findIndex((send) => probe.canBegin(this.#setup.streams && send.from === 'app'));
    const send = from.queue[index];
    if (!send) return undefined;
    const frame = FRAMES[send.cls];
    const begin = (act: (machine: TinyprotoMachine) => void) =>
      this.#move(`begin ${send.cls}`, from, (machine, peer) => {
        peer.queue.splice(index, 1);
        peer.open.push(send);
        act(machine);
      });
    const begun = begin((machine) => machine.begin(frame));
    if (new TinyprotoMachine(this.#rules, NO_PORT, copyOf(from).talk).follow(frame))
      this.#checkFollowing(
        begun,
        begin((machine) => machine.follow(frame)),
        frame,
      );
    return begun;
  }

  /** A frame that may follow is begun in the same way, but that its caller writes it. */
  #checkFollowing(begun: Successor, followed: Successor, { head, body }: Frame): void {
    const { talk } = begun.peer;
    const written =
      this.#lettersOf(head, body.length === 0, talk) +
      (body.length > 0 ? this.#lettersOf(body, true, talk) : '');
    if (keyOf(begun.peer) !== keyOf(followed.peer) || followed.wrote !== '' || begun.wrote !== written)
      violated('a frame that follows is begun in another way');
  }

  /** Without a clock, the silence may be over at any time. */
  #quiet(from: Peer): Successor | undefined {
    if (!this.#setup.half || from.talk.quiet || from.queue.length === 0) return undefined;
    return this.#move('quiet', from, (machine) => machine.expired('quiet'));
  }

  #theirEnd(from: Peer): Successor {
    return this.#move('FIN in', from, (machine, peer) => {
      const ended = peer.talk.life === 'ended';
      machine.receiveEnd();
      if (ended) return;
      peer.open = [];
      peer.queue = [];
      // Its sends have failed, so the handler ends.
      if (peer.handler >= 0) machine.consumed();
      peer.handler = -1;
    });
  }

  #move(label: string, from: Peer, act: (machine: TinyprotoMachine, peer: Peer) => void): Successor {
    const peer = copyOf(from);
    let wrote = '';
    let outcomes = 0;
    const port: TinyprotoPort = {
      ...NO_PORT,
      write: (bytes, last) => {
        wrote += this.#lettersOf(bytes, last, peer.talk);
      },
      outcome: (of) => {
        outcomes += 1;
        this.#checkOutcome(peer.open[outcomes - 1], of);
      },
      fail: (error) => {
        peer.failed = error.code;
      },
    };
    const machine = new TinyprotoMachine(this.#rules, port, peer.talk);
    act(machine, peer);
    // A port calls nothing back, so the handler hears of its outcomes when the machine is done.
    for (const send of peer.open.splice(0, outcomes)) this.#settle(machine, peer, send);
    if (machine.midFrame !== (peer.talk.ours === 'asking'))
      violated('midFrame tells something else than the table');
    return { label, peer, wrote };
  }

  #settle(machine: TinyprotoMachine, peer: Peer, send: Send): void {
    if (send.from !== 'handler' || peer.handler < 0) return;
    peer.handler -= 1;
    if (peer.handler > 0) return;
    peer.handler = -1;
    machine.consumed();
  }

  #lettersOf(bytes: Uint8Array, last: boolean, talk: Conversation): string {
    for (const cls of CLASSES) {
      if (bytes === FRAMES[cls].head) {
        if (last !== (cls === '0')) violated(`last is ${last} for the header of ${cls}`);
        return this.#setup.split ? letters('head', cls) + letters('rest', cls) : letters('header', cls);
      }
      if (bytes === FRAMES[cls].body)
        return last ? letters('payload', cls) : violated('a payload that is not the last');
    }
    if (last) violated('an answer that is the last of a frame');
    if (talk.ours === 'asking') violated('an answer between a header and its payload');
    if (talk.life === 'opening') return letters('opening');
    return letters(bytes[0] === 0xff ? 'ok' : 'refusal').repeat(bytes.length);
  }

  /** Whether the machine takes a piece for what it is. */
  #checkPlace(talk: Conversation, piece: Piece): void {
    if (talk.life === 'ended') return;
    const inside = talk.theirs === 'payload' || talk.theirs === 'skipped' || talk.theirs === 'dropped';
    if (inside !== (piece.kind === 'payload')) violated(`misread: ${piece.kind} while ${talk.theirs}`);
    if ((talk.theirs === 'header') !== (piece.kind === 'rest'))
      violated(`misread: ${piece.kind} while ${talk.theirs}`);
    if ((talk.life === 'opening') !== (piece.kind === 'opening'))
      violated(`misread: ${piece.kind} while ${talk.life}`);
  }

  #checkDelivery(before: Conversation, after: Conversation, piece: Piece): void {
    if (after.inbox.length <= before.inbox.length) return;
    const message = after.inbox.at(after.inbox.length - 1) as Uint8Array;
    if (classOf(message) !== piece.cls) violated(`delivered ${message} for ${piece.cls}`);
  }

  #checkOutcome(send: Send | undefined, of: 'taken' | 'refused'): void {
    if (!send) violated(`${of}, and nothing is open`);
    const over = send.cls === 'X' || send.cls === 'x';
    if (over !== (of === 'refused')) violated(`${send.cls} was ${of}`);
  }
}

const ignore = (): void => {};
const NO_PORT: TinyprotoPort = {
  write: ignore,
  opened: ignore,
  outcome: ignore,
  fail: ignore,
  await: ignore,
  settle: ignore,
};

function classOf(message: Uint8Array): Class {
  const cls = CLASSES.find((each) => String(BODIES[each]) === String(Array.from(message)));
  return cls ?? violated(`a message that nobody sent: ${message}`);
}

function contentOf(queue: ByteQueue): Uint8Array {
  return Uint8Array.from({ length: queue.length }, (_, at) => queue.peek(at));
}

function queueOf<T>(items: Iterable<T>): Fifo<T> {
  const queue = new Fifo<T>();
  for (const item of items) queue.push(item);
  return queue;
}

function copyOf(peer: Peer): Peer {
  const { talk } = peer;
  const bytes = new ByteQueue();
  bytes.push(contentOf(talk.bytes));
  return {
    ...peer,
    queue: [...peer.queue],
    open: [...peer.open],
    talk: {
      ...talk,
      bytes,
      owed: [...talk.owed],
      inbox: queueOf(talk.inbox),
      handed: queueOf(talk.handed),
      armed: { ...talk.armed },
    },
  };
}

/** What tells one end's state from another. Counters and deadlines are left out: they only say when to wait, never what to do. */
export function keyOf(peer: Peer): string {
  const { talk } = peer;
  const reads = talk.theirs !== 'between' && talk.theirs !== 'header';
  return [
    talk.life,
    talk.ours,
    talk.theirs,
    talk.unanswered,
    Array.from(contentOf(talk.bytes)).join('.'),
    reads ? `${talk.size}.${talk.missing}.${talk.due}` : '',
    talk.owed.join('.'),
    talk.granted,
    [...talk.inbox].map(classOf).join(''),
    talk.quiet,
    peer.sends,
    peer.queue.map((send) => send.from[0] + send.cls).join(''),
    peer.open.map((send) => send.from[0] + send.cls).join(''),
    peer.handler,
    peer.failed,
  ].join(' ');
}
