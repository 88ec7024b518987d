import type { Listed, PresenceLetter } from './presence-letters.js';

type Roll = Extract<PresenceLetter, { kind: 'roll' }>;
type Change = Extract<PresenceLetter, { kind: 'change' }>;

/** Who is with one other process, as far as it has told. */
export interface Roster {
  readonly members: ReadonlyMap<string, Listed>;
  /** A page of all; the last one makes it so. Returns whether something has changed. */
  roll(letter: Roll): boolean;
  /** What has changed. Returns `unknown` where something before it was missed. */
  change(letter: Change): 'changed' | 'old' | 'unknown';
  /** Whether this is what we know. */
  isAt(revision: number): boolean;
  /** When the process last gave a sign, and when it was last asked. */
  heardAt: number;
  askedAt: number;
}

export function roster(now: number): Roster {
  let members = new Map<string, Listed>();
  let revision = -1;
  let coming: { readonly revision: number; readonly members: Map<string, Listed>; pages: number } | undefined;

  const takePage = ({ revision, page, members }: Roll) => {
    if (page === 0) coming = { revision, members: new Map(), pages: 0 };
    if (coming?.revision !== revision || coming.pages !== page) return undefined;
    coming.pages++;
    for (const member of members) coming.members.set(member.id, member);
    return coming;
  };

  return {
    get members() {
      return members;
    },
    roll(letter) {
      const all = takePage(letter);
      if (all?.pages !== letter.pages || letter.revision === revision) return false;
      members = all.members;
      revision = all.revision;
      coming = undefined;
      return true;
    },
    change(letter) {
      if (letter.revision <= revision) return 'old';
      if (letter.revision > revision + 1) return 'unknown';
      revision = letter.revision;
      for (const id of letter.left) members.delete(id);
      for (const member of letter.joined) members.set(member.id, member);
      return 'changed';
    },
    isAt: (other) => other === revision,
    heardAt: now,
    askedAt: Number.NEGATIVE_INFINITY,
  };
}
