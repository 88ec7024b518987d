import { Observable, type ObservableNotification } from 'rxjs';
import { bytesOfHex } from './bytes.js';

/** A notification, and the virtual millisecond it comes at. */
export interface Timed<T = unknown> {
  readonly frame: number;
  readonly notification: ObservableNotification<T>;
}

/** What the letters of a diagram stand for. */
export type Values<T> = Readonly<Record<string, T>>;

/** When a subscription begins and ends, `Infinity` for never. */
export interface Span {
  readonly subscribedFrame: number;
  readonly unsubscribedFrame: number;
}

/** One thing that a diagram says, and when. */
interface Sign {
  readonly frame: number;
  readonly letter: string;
  /** Bytes or text that stand in the diagram itself. */
  readonly inline?: Uint8Array | string;
}

/** What begins bytes, a text or a time, and is none. */
const unfinished = /^(?:[<'"]|\d+(?:\.\d+)?ms)/;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };

/**
 * Reads a diagram. RxJS's grammar, and three things more:
 *
 *     a-b 10ms          time may stand at the end, too
 *     [ab]-c            brackets take one frame, whatever is in them; parentheses take one for each character, as in RxJS
 *     <00 02>-'hi'-"a"  bytes and text as they are; each takes one frame
 *
 * A letter that `values` does not name is a `TypeError`; without `values`, a letter stands for itself.
 */
export function parseDiagram<T = string>(diagram: string, values?: Values<T>, error?: unknown): Timed<T>[] {
  const { signs, zero } = read(diagram, values);
  return signs.flatMap(({ frame, letter, inline }): Timed<T>[] => {
    if (letter === '!') throw new TypeError(`"!" is for subscriptions, and stands in ${diagram}`);
    if (letter === '^') return [];
    return [{ frame: frame - zero, notification: notificationOf(letter, inline, values, error) }];
  });
}

/** Reads a subscription diagram: `^` begins it, `!` ends it. */
export function parseSpan(diagram: string): Span {
  let subscribedFrame = Number.POSITIVE_INFINITY;
  let unsubscribedFrame = Number.POSITIVE_INFINITY;
  for (const { frame, letter } of read(diagram, undefined).signs) {
    if (letter === '^' && subscribedFrame === Number.POSITIVE_INFINITY) subscribedFrame = frame;
    else if (letter === '!' && unsubscribedFrame === Number.POSITIVE_INFINITY) unsubscribedFrame = frame;
    else throw new TypeError(`A subscription is one "^" and one "!", not ${diagram}`);
  }
  return { subscribedFrame, unsubscribedFrame };
}

/** The moments that a diagram of letters names: for timelines, where a letter is something that happens. */
export function parseMoments(diagram: string): readonly Omit<Sign, 'inline'>[] {
  return read(diagram, undefined).signs;
}

function notificationOf<T>(
  letter: string,
  inline: Uint8Array | string | undefined,
  values: Values<T> | undefined,
  error: unknown,
): ObservableNotification<T> {
  if (inline !== undefined) return { kind: 'N', value: inline as T };
  if (letter === '|') return { kind: 'C' };
  if (letter === '#') return { kind: 'E', error: error === undefined ? 'error' : error };
  return { kind: 'N', value: meaningOf(letter, values) };
}

function meaningOf<T>(letter: string, values: Values<T> | undefined): T {
  if (values === undefined) return letter as T;
  if (!(letter in values)) throw new TypeError(`The diagram's "${letter}" has no value`);
  const value = values[letter] as T;
  return isCold(value) ? (value.messages as T) : value;
}

/** An expected Observable of Observables is drawn with cold ones. */
function isCold(value: unknown): value is { readonly messages: unknown } {
  return value instanceof Observable && 'messages' in value;
}

/** The signs of a diagram in order, and the frame of `^`, from which a hot one counts. */
function read(diagram: string, values: object | undefined): { signs: Sign[]; zero: number } {
  const signs: Sign[] = [];
  const named = (letter: string) => values !== undefined && letter in values;
  let zero = 0;
  let frame = 0;
  let group: { readonly closes: string; readonly at: number } | undefined;
  let rest = diagram;

  /** What stands in brackets takes no time by itself. */
  const pass = (ms: number) => {
    if (group?.closes !== ']') frame += ms;
  };
  const note = (letter: string, inline?: Uint8Array | string) => {
    const at = group?.at ?? frame;
    if (letter === '^') zero = at;
    signs.push({ frame: at, letter, ...(inline === undefined ? {} : { inline }) });
  };

  while (rest.length > 0) {
    const free = rest.length === diagram.length || diagram[diagram.length - rest.length - 1] === ' ';
    const time = free ? /^(\d+(?:\.\d+)?)(ms|s|m)(?= |$)/.exec(rest) : null;
    const quoted = named(rest[0] as string) ? null : /^(?:<([^>]*)>|'([^']*)'|"([^"]*)")/.exec(rest);
    const [character = ''] = rest;
    if (!time && !quoted && !named(character) && unfinished.test(rest))
      throw new TypeError(`Bytes and texts end, and a time stands between blanks: ${diagram}`);
    if (time) pass(Number(time[1]) * (unitMs[time[2] as string] ?? 1));
    else if (quoted) {
      note('', quoted[1] === undefined ? (quoted[2] ?? quoted[3] ?? '') : bytesOfHex(quoted[1]));
      pass(1);
    } else if (character === '-') pass(1);
    else if (character === '(' || (character === '[' && !named('['))) {
      if (group) throw new TypeError(`A group in a group: ${diagram}`);
      if (character === '(') pass(1);
      group = { closes: character === '(' ? ')' : ']', at: character === '(' ? frame - 1 : frame };
    } else if (character === group?.closes) {
      group = undefined;
      pass(1);
    } else if (character !== ' ') {
      note(character);
      pass(character === '!' ? 0 : 1);
    }
    rest = rest.slice((time ?? quoted)?.[0].length ?? [...rest][0]?.length ?? 1);
  }
  if (group) throw new TypeError(`A group that does not end: ${diagram}`);
  return { signs, zero };
}
