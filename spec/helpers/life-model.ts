import { type Event, lifecycle, type State } from '../connection/lifecycle.js';

/** What somebody outside may do to a connection: its owner, its reader, its peer, its road. */
export type Deed =
  | 'opened'
  | 'send'
  | 'road'
  | 'end'
  | 'close'
  | 'peerEnd'
  | 'message'
  | 'read'
  | 'letGo'
  | 'lost'
  | 'gone'
  | 'destroy';

export interface Kind {
  /** Whether its framing lets each direction end by itself, and whether ours is to stay open then. */
  readonly halfClose: boolean;
  readonly allowHalfOpen: boolean;
  /** Whether what is sent waits until the road is free, as the framing says. */
  readonly waits: boolean;
  /** Whether it is a server's, over a wire that carries a stream; otherwise it is a page's. */
  readonly hosted?: true;
}

/** What can be seen of it. */
export interface Seen {
  /** What the peer has: messages, and FIN behind them. */
  readonly wrote: string;
  /** What became of each `send` and each `end`: nothing yet, taken, failed. */
  readonly sends: string;
  readonly ends: string;
  /** What the reader has had: messages, and the end. */
  readonly heard: string;
  /** How, and when, the connection ended. */
  readonly closed: string;
}

export const closeTimeoutMs = 1_000;

/** When FIN goes out by itself. */
const finWhen: Partial<Record<State, 'all is sent' | 'all is read'>> = {
  ended: 'all is read',
  ending: 'all is sent',
  leaving: 'all is sent',
  closing: 'all is sent',
};

/**
 * What the table of states says that a connection does.
 *
 * Its reader holds what it reads until it is told to let go; the road is busy, where sends wait, until it is told to be free.
 */
export class LifeModel {
  state: State = 'opening';
  /** How often each was done. */
  readonly did: Partial<Record<Deed, number>> = {};
  readonly #kind: Kind;
  readonly #took: (arrow: string) => void;
  #by: string | undefined;
  #closed = '';
  #wrote = '';
  #heard = '';
  /** What `messages$` is to end with, and has. */
  #ending: string | undefined;
  #isOver = false;
  #isReading = false;
  #unread: string[] = [];
  #held = 0;
  #dropped = 0;
  #isFree: boolean;
  #sends: ('.' | 'v' | 'x')[] = [];
  #ends: ('.' | 'v' | 'x')[] = [];
  #deadlineAt = Number.POSITIVE_INFINITY;
  #now = 0;
  /** Whether somebody was given it. */
  #isOwned = true;

  /** `took` is told of each arrow of the table that is taken. */
  constructor(kind: Kind, took: (arrow: string) => void = () => {}) {
    this.#kind = kind;
    this.#took = took;
    this.#isFree = !kind.waits;
    if (!kind.waits) this.#go('opened');
  }

  get seen(): Seen {
    return {
      wrote: this.#wrote,
      sends: this.#sends.join(''),
      ends: this.#ends.join(''),
      heard: this.#heard,
      closed: this.#closed,
    };
  }

  /** Whether a deed is possible, and something that was not done often enough. */
  may(deed: Deed): boolean {
    const { did, state } = this;
    const isFirst = !did[deed];
    const isOpening = state === 'opening' || !this.#isOwned;
    const isClosed = state === 'closed';
    switch (deed) {
      case 'opened':
        return state === 'opening';
      case 'peerEnd':
        return isFirst && !isClosed;
      case 'lost':
      case 'gone':
      case 'destroy':
        return !isClosed;
      case 'message':
        return !isOpening && !isClosed && !did.peerEnd && (did.message ?? 0) < 2;
      case 'send':
        return !isOpening && (did.send ?? 0) < 2;
      case 'end':
        return isFirst && !isOpening && this.#kind.halfClose;
      case 'road':
        return isFirst && this.#kind.waits && !isOpening;
      case 'letGo':
        return isFirst && this.#held > 0;
      default:
        return isFirst && !isOpening;
    }
  }

  do(deed: Deed, now: number): void {
    this.pass(now);
    this.did[deed] = (this.did[deed] ?? 0) + 1;
    this.#act(deed);
    this.#settle();
  }

  /** Time passes. */
  pass(now: number): void {
    while (this.#deadlineAt <= now) {
      this.#now = this.#deadlineAt;
      this.#deadlineAt = Number.POSITIVE_INFINITY;
      // Whoever still reads what the ended peer has said may take as long as it needs.
      if (this.state === 'ended' && this.#isObserved) this.#await();
      else this.#gone('close-timeout');
      this.#settle();
    }
    this.#now = now;
  }

  #act(deed: Deed): void {
    const { state } = this;
    if (deed === 'opened') this.#go('opened');
    else if (deed === 'send') this.#send();
    else if (deed === 'road') this.#isFree = true;
    else if (deed === 'end') {
      this.#ends.push(this.#hasFin ? 'v' : '.');
      this.#go('end');
    } else if (deed === 'close') this.#close();
    else if (deed === 'peerEnd' && state === 'opening') this.#gone('cut-short');
    else if (deed === 'peerEnd') this.#peerEnd();
    else if (deed === 'message') this.#message();
    else if (deed === 'read') {
      this.#isReading = true;
      if (this.#isOver) this.#heard += this.#ending;
    } else if (deed === 'letGo') this.#held = 0;
    else if (deed === 'lost') this.#gone('reset');
    else {
      if (deed === 'destroy') this.#by ??= 'us';
      this.#gone();
      if (deed === 'destroy') this.#tellEnd();
    }
  }

  #send(): void {
    const isLost = this.state === 'closed' || this.#hasFin || (!this.#kind.halfClose && this.did.peerEnd);
    this.#sends.push(isLost ? 'x' : '.');
  }

  /** What comes from now on is dropped, and so is what is unread. */
  #close(): void {
    this.#by ??= 'us';
    if (this.#go('close')) {
      this.#await();
      this.#dropped += this.#unread.length;
      this.#unread = [];
    }
    this.#ending = this.#isOver ? this.#ending : '|';
    this.#tellEnd();
  }

  #peerEnd(): void {
    this.#by ??= 'peer';
    this.#ending ??= '|';
    if (!this.#kind.halfClose) this.#failSends();
    this.#go('peerEnd');
    this.#deliver();
    if (!this.#isObserved) this.#await();
  }

  #message(): void {
    const message = 'ab'[(this.did.message ?? 1) - 1] as string;
    if (this.did.close) this.#dropped++;
    else this.#unread.push(message);
  }

  #gone(error?: string): void {
    if (this.state === 'closed') return;
    // Once our FIN is out and nothing more is wanted, how the peer goes away changes nothing.
    const why = this.state === 'finishing' ? undefined : error;
    if (error) this.#by ??= 'error';
    this.#isOwned = this.state !== 'opening';
    this.#go('gone');
    this.#deadlineAt = Number.POSITIVE_INFINITY;
    this.#failSends();
    this.#ends = this.#ends.map((of) => (of === '.' ? 'x' : of));
    this.#ending ??= why ? `!${why}` : '|';
    if (this.#isOwned || why)
      this.#closed = `${this.#by ?? 'us'} ${why ?? 'clean'} at ${this.#now}, ${this.#dropped} dropped`;
  }

  #failSends(): void {
    this.#sends = this.#sends.map((of) => (of === '.' ? 'x' : of));
  }

  /** What has become possible. */
  #settle(): void {
    this.#deliver();
    if (this.state === 'opening' || this.state === 'closed') {
      this.#ends = this.#ends.map((of) => (of === '.' ? 'x' : of));
      return;
    }
    if (this.#isFree) this.#sends = this.#sends.map((of) => (of === '.' ? this.#take() : of));
    const when = finWhen[this.state];
    const isSent = !this.#sends.includes('.');
    if (when && isSent && (when === 'all is sent' || this.#isAllRead)) this.#sendFin();
  }

  #take(): 'v' {
    this.#wrote += 'm';
    return 'v';
  }

  #sendFin(): void {
    this.#go('finSent');
    this.#wrote += '|';
    this.#ends = this.#ends.map((of) => (of === '.' ? 'v' : of));
    if (this.state === 'finishing') this.#await();
    else this.#deadlineAt = Number.POSITIVE_INFINITY;
  }

  #deliver(): void {
    while (this.#isObserved && this.#held === 0) {
      const message = this.#unread.shift();
      if (message === undefined) break;
      this.#heard += message;
      if (!this.did.letGo) this.#held = 1;
    }
    // The end waits behind what is there, but not for room.
    if (this.#ending && this.#isObserved && this.#unread.length === 0) this.#tellEnd();
  }

  #tellEnd(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#isReading) this.#heard += this.#ending;
  }

  get #isObserved(): boolean {
    return this.#isReading && !this.#isOver;
  }

  get #isAllRead(): boolean {
    const staysOpen = this.#kind.halfClose && this.#kind.allowHalfOpen;
    return !staysOpen && this.#held === 0 && this.#unread.length === 0;
  }

  get #hasFin(): boolean {
    return this.#wrote.endsWith('|');
  }

  #await(): void {
    if (this.state !== 'closed') this.#deadlineAt = this.#now + closeTimeoutMs;
  }

  /** Takes a step of the table, if it has one for this. */
  #go(event: Event): boolean {
    const next = lifecycle[this.state][event];
    if (!next) return false;
    this.#took(`${this.state} ${event}`);
    this.state = next;
    return true;
  }
}
