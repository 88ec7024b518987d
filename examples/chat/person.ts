/** Where everybody comes in. */
export const LOBBY = 'lobby';
/** What one says who leaves, as in the Python original. */
export const FAREWELL = 'quit';

/** Somebody, behind what they said last. */
export interface Person {
  /** An id, until they say a name. */
  readonly name: string;
  /** None before they have come in, and when they have left. */
  readonly room?: string;
  /** What is to be told because of what they said. */
  readonly tells: readonly Tell[];
}

export interface Tell {
  readonly room: string;
  readonly to: 'others' | 'self';
  readonly words: string;
}

/** Names and rooms are words, and shorter than an id: nobody can take somebody's. */
const word = /^[\p{L}\p{N}_.-]{1,32}$/u;

export const stranger = (id: string): Person => ({ name: id, tells: [] });

/** What becomes of somebody who says a line among others: a function of nothing else. */
export function hear(person: Person, line: string, others: Iterable<Person>): Person {
  if (line === FAREWELL) return leave(person);
  const [, command = '', what = ''] = /^\/(\w+)\s*(.*)$/s.exec(line) ?? [];
  if (!line.startsWith('/')) return { ...person, tells: toOthers(person, line) };
  return Object.hasOwn(commands, command)
    ? commands[command as keyof typeof commands](person, what, [...others])
    : answer(person, `there is no /${command}; ${help}`);
}

const commands = {
  name(person: Person, name: string, others: readonly Person[]): Person {
    if (!word.test(name)) return answer(person, 'a name is one word of up to 32 letters and digits');
    if (others.some((other) => other.name === name)) return answer(person, `somebody is ${name} already`);
    return { ...person, name, tells: toOthers(person, `**is now ${name}`) };
  },
  join(person: Person, room: string): Person {
    if (!word.test(room)) return answer(person, 'a room is one word of up to 32 letters and digits');
    const moved = { ...person, room };
    return { ...moved, tells: [...leave(person).tells, ...toOthers(moved, '**joined the chat')] };
  },
  who: (person: Person, _: string, others: readonly Person[]): Person =>
    answer(person, `here are ${namesOf(others.filter(({ room }) => room === person.room))}`),
  rooms: (person: Person, _: string, others: readonly Person[]): Person =>
    answer(person, `there are ${[...new Set(others.flatMap(({ room }) => room ?? []))].sort().join(', ')}`),
  help: (person: Person): Person => answer(person, help),
};

const help = `say /name NAME, /join ROOM, /who, /rooms, or ${FAREWELL}`;

const namesOf = (people: readonly Person[]) =>
  people
    .map(({ name }) => name)
    .sort()
    .join(', ');

const leave = (person: Person): Person => ({
  name: person.name,
  tells: toOthers(person, '**left the chat'),
});

const answer = (person: Person, words: string): Person => ({
  ...person,
  tells: told(person, 'self', `** ${words}`),
});

const toOthers = (person: Person, words: string) => told(person, 'others', `[${person.name}] ${words}`);

function told({ room }: Person, to: Tell['to'], words: string): readonly Tell[] {
  return room === undefined ? [] : [{ room, to, words }];
}
