import {
  FIN,
  keyOf,
  Modelled,
  type Peer,
  type Piece,
  pieceOf,
  type Setup,
  type Successor,
  Violation,
} from './handshake-peer.js';
import { StateTable } from './state-table.js';

/** Two ends and what must hold between them. */
export interface Configuration {
  readonly name: string;
  readonly ends: readonly [Setup, Setup];
  /** `stall`: it must get stuck, because nobody consumes or because more circulates than both inboxes hold. */
  readonly expect: 'live' | 'stall' | 'collision';
  /** Most messages that may be unconsumed at each end. */
  readonly bound?: readonly [number, number];
  /** Whether both ends must really come to hold that many. */
  readonly exact?: boolean;
  /** Whether quiet must stay reachable from every state. */
  readonly traps: boolean;
}

export interface Report {
  readonly name: string;
  readonly states: number;
  /** Most messages that were unconsumed at each end. */
  readonly most: readonly [number, number];
  readonly stuck: number;
  readonly collisions: number;
  /** What was violated, and the way there; undefined if nothing was. */
  readonly violation: string | undefined;
}

/** Four times the largest configuration: a rule that is broken may let something grow without end. */
const MOST_STATES = 4_000_000;

/** An end with everything that is computed once for each of its states, however many states of the pair it is part of. */
class End {
  readonly peers: Peer[] = [];
  readonly loads: number[] = [];
  readonly #ids = new Map<string, number>();
  readonly #moves: (readonly Next[])[] = [];
  readonly #arrivals = new Map<string, Next>();
  readonly modelled: Modelled;

  constructor(setup: Setup, sizes: Sizes) {
    this.modelled = new Modelled(setup, sizes);
  }

  intern(peer: Peer): number {
    const key = keyOf(peer);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.peers.push(peer) - 1;
    this.loads.push(peer.talk.inbox.length + (peer.handler >= 0 ? 1 : 0));
    this.#ids.set(key, id);
    return id;
  }

  next({ label, peer, wrote }: Successor): Next {
    return { label, id: this.intern(peer), wrote };
  }

  moves(id: number): readonly Next[] {
    const known = this.#moves[id];
    if (known) return known;
    const moves = this.modelled.moves(this.peers[id] as Peer).map((move) => this.next(move));
    this.#moves[id] = moves;
    return moves;
  }

  arrival(id: number, letters: string): Next {
    const key = `${id} ${letters}`;
    const known = this.#arrivals.get(key);
    if (known) return known;
    const pieces: Piece[] = [...letters].map(pieceOf);
    const next = this.next(this.modelled.arrival(this.peers[id] as Peer, pieces));
    this.#arrivals.set(key, next);
    return next;
  }
}

interface Next {
  readonly label: string;
  readonly id: number;
  readonly wrote: string;
}

interface Sizes {
  readonly maxMessageBytes: number;
  readonly earlyBytes: number;
}

/**
 * Walks through every state that two ends can reach, breadth first: each order of what the applications do, of when bytes arrive, and of where headers are cut.
 *
 * A state is four numbers: each end's state, and what is under way in each direction.
 */
export class Exploration {
  readonly #config: Configuration;
  readonly #ends: readonly [End, End];
  readonly #table = new StateTable();
  readonly #ways: string[] = [];
  readonly #wayIds = new Map<string, number>();
  #from = -1;
  readonly #most: [number, number] = [0, 0];
  #stuck = 0;
  #collisions = 0;
  #violation: string | undefined;

  constructor(config: Configuration) {
    this.#config = config;
    const small = config.ends.some((end) => end.sends.includes('x'));
    const sizes = small ? { maxMessageBytes: 1, earlyBytes: 2 } : { maxMessageBytes: 2, earlyBytes: 1 };
    this.#ends = [new End(config.ends[0], sizes), new End(config.ends[1], sizes)];
  }

  run(): Report {
    const [a, b] = this.#ends.map((end) => end.next(end.modelled.first())) as [Next, Next];
    this.#reach(a.id, b.id, this.#way(a.wrote), this.#way(b.wrote));
    for (let at = 0; at < Math.min(this.#table.length, MOST_STATES) && !this.#violation; at += 1)
      this.#expand(at);
    if (this.#table.length > MOST_STATES) this.#violation ??= 'more states than any rule allows';
    if (this.#config.traps && !this.#violation && this.#stuck === 0) this.#findTrap();
    if (this.#config.expect === 'live' && this.#stuck > 0) this.#violation ??= 'stuck';
    return {
      name: this.#config.name,
      states: this.#table.length,
      most: this.#most,
      stuck: this.#stuck,
      collisions: this.#collisions,
      violation: this.#violation,
    };
  }

  #expand(at: number): void {
    this.#from = at;
    const { a, b, ab, ba } = this.#table.at(at);
    const failed = this.#peer(0, a).failed || this.#peer(1, b).failed;
    if (failed) this.#checkFailure(at, failed);
    else this.#walk(at, a, b, ab, ba);
  }

  #walk(at: number, a: number, b: number, ab: number, ba: number): void {
    const before = this.#table.edges;
    try {
      for (const next of this.#ends[0].moves(a)) this.#reach(next.id, b, this.#append(ab, next.wrote), ba);
      for (const next of this.#ends[1].moves(b)) this.#reach(a, next.id, ab, this.#append(ba, next.wrote));
      for (const [letters, rest] of this.#cuts(ba, 0)) {
        const next = this.#ends[0].arrival(a, letters);
        this.#reach(next.id, b, this.#append(ab, next.wrote), rest);
      }
      for (const [letters, rest] of this.#cuts(ab, 1)) {
        const next = this.#ends[1].arrival(b, letters);
        this.#reach(a, next.id, rest, this.#append(ba, next.wrote));
      }
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#violate(at, error.message);
    }
    this.#checkDeadlines(at);
    if (this.#table.edges === before && !this.#isQuiet(at)) this.#foundStuck(at);
  }

  /** The first pieces that may arrive as one chunk, and what is then left. */
  #cuts(way: number, side: 0 | 1): [string, number][] {
    const letters = this.#ways[way] as string;
    if (letters === '') return [];
    const cuts: [string, number][] = [[letters[0] as string, this.#way(letters.slice(1))]];
    const whole = letters.endsWith(FIN) ? letters.slice(0, -1) : letters;
    if (this.#config.ends[side].joins && whole.length > 1)
      cuts.push([whole, this.#way(letters.slice(whole.length))]);
    return cuts;
  }

  #reach(a: number, b: number, ab: number, ba: number): void {
    const known = this.#table.length;
    const at = this.#table.reach(a, b, ab, ba, this.#from);
    if (at < known) return;
    this.#measure(0, at, this.#ends[0].loads[a] as number);
    this.#measure(1, at, this.#ends[1].loads[b] as number);
  }

  #measure(side: 0 | 1, at: number, load: number): void {
    if (load > this.#most[side]) this.#most[side] = load;
    const bound = this.#config.bound?.[side];
    if (bound !== undefined && load > bound) this.#violate(at, `${load} messages unconsumed, above ${bound}`);
  }

  /** What a deadline cuts must be in the peer's power: where nothing is under way, nothing may be due. */
  #checkDeadlines(at: number): void {
    const { a, b, ab, ba } = this.#table.at(at);
    if (this.#ways[ab] !== '' || this.#ways[ba] !== '') return;
    for (const { talk } of [this.#peer(0, a), this.#peer(1, b)]) {
      if (talk.life !== 'open' && talk.life !== 'closing') continue;
      const inside = talk.theirs === 'payload' || talk.theirs === 'dropped' || talk.theirs === 'skipped';
      if (talk.theirs === 'header' || (inside && talk.due))
        this.#violate(at, 'a deadline runs, and nothing is under way');
    }
  }

  #checkFailure(at: number, failed: string): void {
    const small = this.#config.ends.some((end) => end.sends.includes('x'));
    if (failed === 'collision' && this.#config.expect === 'collision') this.#collisions += 1;
    else if (!(small && failed === 'message-too-large')) this.#violate(at, `failed with ${failed}`);
  }

  /** Only a mutual hold may stick, because only that has a deadline. */
  #foundStuck(at: number): void {
    this.#stuck += 1;
    const { a, b } = this.#table.at(at);
    const held = [this.#peer(0, a), this.#peer(1, b)].every(
      ({ talk }) => talk.owed.length > 0 && talk.unanswered > 0,
    );
    if (this.#config.expect !== 'stall') this.#violate(at, 'stuck');
    else if (!held) this.#violate(at, 'stuck, and no deadline runs');
  }

  /** Everything is delivered and answered, or both have sent FIN. */
  #isQuiet(at: number): boolean {
    const { a, b, ab, ba } = this.#table.at(at);
    const peers = [this.#peer(0, a), this.#peer(1, b)];
    if (peers.some((peer) => peer.failed)) return true;
    const idle = (peer: Peer) => peer.queue.length === 0 && peer.open.length === 0;
    if (peers.every((peer) => peer.talk.life === 'ended')) return peers.every(idle);
    if (this.#ways[ab] !== '' || this.#ways[ba] !== '') return false;
    return peers.every((peer) => {
      const { talk } = peer;
      if (talk.life === 'ended') return idle(peer);
      const read = talk.theirs === 'between' && talk.bytes.length === 0 && talk.owed.length === 0;
      const stays = talk.life !== 'closing' && talk.life !== 'left';
      return idle(peer) && read && stays && talk.inbox.length === 0 && peer.handler === -1;
    });
  }

  #findTrap(): void {
    const at = this.#table.findUnable((state) => this.#isQuiet(state));
    if (at >= 0) this.#violate(at, 'trap: quiet cannot be reached any more');
  }

  #violate(at: number, what: string): void {
    this.#violation ??= `${what} after\n${this.#trace(at)}`;
  }

  #trace(at: number): string {
    const steps: string[] = [];
    for (let state = at; state >= 0; state = this.#table.parent(state)) {
      const { a, b, ab, ba } = this.#table.at(state);
      const show = (way: number) =>
        [...(this.#ways[way] as string)].map((letter) => `${pieceOf(letter).kind} ${pieceOf(letter).cls}`);
      steps.unshift(
        `A ${keyOf(this.#peer(0, a))}\nB ${keyOf(this.#peer(1, b))}\n  A→B ${show(ab)}\n  B→A ${show(ba)}`,
      );
    }
    return steps.join('\n');
  }

  #peer(side: 0 | 1, id: number): Peer {
    return this.#ends[side].peers[id] as Peer;
  }

  #append(way: number, wrote: string): number {
    return wrote === '' ? way : this.#way((this.#ways[way] as string) + wrote);
  }

  #way(letters: string): number {
    const known = this.#wayIds.get(letters);
    if (known !== undefined) return known;
    const id = this.#ways.push(letters) - 1;
    this.#wayIds.set(letters, id);
    return id;
  }
}
