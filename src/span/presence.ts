import {
  asapScheduler,
  asyncScheduler,
  BehaviorSubject,
  ignoreElements,
  interval,
  merge,
  Observable,
  type Subscription,
  tap,
  timer,
} from 'rxjs';
import type { Bus, BusState, Letter } from './bus.js';
import {
  decodePresence,
  encodePresence,
  type Listed,
  type PresenceLetter,
  pagesOf,
} from './presence-letters.js';
import type { Present } from './room.js';
import { type Roster, roster } from './roster.js';
import { processOf } from './writer.js';

export interface PresenceOptions {
  /** Who we are. */
  readonly writer: string;
  readonly heartbeatMs: number;
  readonly goneMs: number;
  /** How many messages we have sent to the room. */
  readonly sent: () => number;
  /** A writer says how many it has sent. */
  readonly expect: (writer: string, sent: number) => void;
}

/** Who is in a room, in all processes. */
export interface Presence {
  readonly everyone$: Observable<ReadonlyMap<string, Present>>;
  /** Tells and hears for as long as it is subscribed. */
  readonly run$: Observable<never>;
  turn(state: BusState): void;
  come(member: Listed): void;
  go(id: string): void;
}

/** What a letter has besides its members. */
const frameBytes = 256;

/** One answer serves all who ask within so many milliseconds. */
const answerAfterMs = 20;

/**
 *     we join              ──change──▶ all
 *     we come up           ──roll, ask──▶ all ──roll──▶ us
 *     every heartbeatMs    ──beat──▶ all: at another revision than they know? ──ask──▶ us ──roll──▶ all
 *     silent for goneMs    its members are gone
 *
 * What was lost on the way is found by the next beat, so nothing is repeated or confirmed.
 */
export function presence(
  bus: Bus,
  subject: string,
  { writer, heartbeatMs, goneMs, sent, expect }: PresenceOptions,
): Presence {
  const everyone = new Map<string, Present>();
  const changed = new BehaviorSubject<ReadonlyMap<string, Present>>(everyone);
  const here = new Map<string, Listed>();
  const others = new Map<string, Roster>();
  let joined = new Map<string, Listed>();
  let left = new Set<string>();
  let revision = 0;
  let written = 0;
  let up = false;
  /** What a letter has for members. */
  let maxPageBytes = Infinity;
  let telling = false;
  let answering: Subscription | undefined;
  /** Our own time: a heartbeat for each of our ticks, however late it came. */
  let ticks = 0;
  let tickedAt = 0;

  /** A stall of ours is no silence of theirs: what they said meanwhile is read after the tick. And whoever sets the clock of the machine ages nobody. */
  const time = () => {
    const sinceMs = asyncScheduler.now() - tickedAt;
    return ticks * heartbeatMs + Math.min(Math.max(sinceMs, 0), heartbeatMs);
  };

  const write = (letter: PresenceLetter) => {
    if (!up) return;
    const bytes = encodePresence(letter);
    bus.publish(subject, { from: writer, number: ++written, bytes }).subscribe({ error: () => {} });
  };

  const writeRoll = () => {
    const pages = pagesOf([...here.values()], maxPageBytes);
    for (const [page, members] of pages.entries())
      write({ kind: 'roll', revision, sent: sent(), page, pages: pages.length, members });
  };

  const answer = () => {
    answering ??= timer(answerAfterMs).subscribe(() => {
      answering = undefined;
      writeRoll();
    });
  };

  /** What has changed in one turn goes in one letter. */
  const tell = () => {
    telling = false;
    // Both go in one letter.
    const most = maxPageBytes / 2;
    const [came, went] = [pagesOf([...joined.values()], most), pagesOf([...left], most)];
    joined = new Map();
    left = new Set();
    for (let page = 0; page < Math.max(came.length, went.length); page++) {
      revision++;
      write({ kind: 'change', revision, joined: came[page] ?? [], left: went[page] ?? [] });
    }
    changed.next(everyone);
  };

  const tellSoon = () => {
    if (telling) return;
    telling = true;
    asapScheduler.schedule(tell);
  };

  const show = (of: string, members: Iterable<Listed>) => {
    const process = processOf(of);
    for (const { id, name } of members)
      everyone.set(id, { id, process, ...(name !== undefined && { name }) });
  };

  const forget = (of: string) => {
    const known = others.get(of);
    if (!others.delete(of)) return;
    for (const id of known?.members.keys() ?? []) everyone.delete(id);
    changed.next(everyone);
  };

  const ask = (of: string, known: Roster) => {
    const now = time();
    if (now - known.askedAt < heartbeatMs) return;
    known.askedAt = now;
    write({ kind: 'ask', of });
  };

  const rosterOf = (writer: string): Roster => {
    const now = time();
    const known = others.get(writer) ?? roster(now);
    others.set(writer, known);
    known.heardAt = now;
    return known;
  };

  const hear = ({ from, bytes }: Letter) => {
    const letter = from === writer ? undefined : decodePresence(bytes);
    if (letter?.kind === 'bye') forget(from);
    else if (letter) heed(from, letter, rosterOf(from));
  };

  const heed = (from: string, letter: PresenceLetter, known: Roster) => {
    if (letter.kind === 'ask' && (letter.of ?? writer) === writer) answer();
    if (letter.kind === 'roll') heedRoll(from, letter, known);
    if (letter.kind === 'change') heedChange(from, letter, known);
    if (letter.kind === 'roll' || letter.kind === 'beat') {
      expect(from, letter.sent);
      if (letter.kind === 'beat' && !known.isAt(letter.revision)) ask(from, known);
    }
  };

  const heedRoll = (from: string, letter: Extract<PresenceLetter, { kind: 'roll' }>, known: Roster) => {
    const before = [...known.members.keys()];
    if (!known.roll(letter)) return;
    for (const id of before) everyone.delete(id);
    show(from, known.members.values());
    changed.next(everyone);
  };

  const heedChange = (from: string, letter: Extract<PresenceLetter, { kind: 'change' }>, known: Roster) => {
    const became = known.change(letter);
    if (became === 'unknown') ask(from, known);
    if (became !== 'changed') return;
    for (const id of letter.left) everyone.delete(id);
    show(from, letter.joined);
    changed.next(everyone);
  };

  const tick = () => {
    ticks++;
    tickedAt = asyncScheduler.now();
    const now = time();
    for (const [other, { heardAt }] of [...others]) if (now - heardAt >= goneMs) forget(other);
    write({ kind: 'beat', revision, sent: sent() });
  };

  const run$ = new Observable<never>((subscriber) => {
    tickedAt = asyncScheduler.now();
    subscriber.add(() => {
      write({ kind: 'bye' });
      up = false;
      answering?.unsubscribe();
      answering = undefined;
      for (const other of [...others.keys()]) forget(other);
    });
    const life$ = merge(bus.receive(subject).pipe(tap(hear)), interval(heartbeatMs).pipe(tap(tick)));
    subscriber.add(life$.pipe(ignoreElements()).subscribe(subscriber));
  });

  return {
    everyone$: changed.asObservable(),
    run$,
    turn(state) {
      up = state.state === 'up';
      if (state.state !== 'up') return;
      maxPageBytes = state.maxLetterBytes - frameBytes;
      writeRoll();
      write({ kind: 'ask' });
    },
    come(member) {
      here.set(member.id, member);
      joined.set(member.id, member);
      left.delete(member.id);
      show(writer, [member]);
      tellSoon();
    },
    go(id) {
      here.delete(id);
      joined.delete(id);
      left.add(id);
      everyone.delete(id);
      tellSoon();
    },
  };
}
