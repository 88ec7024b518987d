import { isObservable } from 'rxjs';
import { show } from './bytes.js';
import type { Timed } from './diagram.js';
import { same } from './same.js';
import { Named } from './scene.js';

/** Short names for the values of a scene: the same value has the same name everywhere. */
export interface Labels {
  of(notification: Timed['notification']): string;
  /** What the letters stand for that do not stand for themselves, in the order of their first use. */
  key(): readonly { readonly letter: string; readonly value: unknown }[];
}

/** Longer values are named by a letter and explained in the key. */
const longestInline = 14;
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZΑΒΓΔΕΖΗΘΚΛΜΝΞΟΠΡΣΤΦΧΨΩ';

/** @param taken Letters that stand for themselves in the scene, and must not be given to another value. */
export function labels(taken: Iterable<string> = []): Labels {
  const used = new Set(taken);
  const named: { letter: string; value: unknown }[] = [];
  const short = new Map<string, string>();

  function name(value: unknown): string {
    const known = named.find((each) => same(each.value, value) || same(value, each.value));
    if (known) return known.letter;
    const letter = [...letters].find((each) => !used.has(each)) ?? `{${named.length + 1}}`;
    used.add(letter);
    named.push({ letter, value });
    return letter;
  }

  function meant({ letter, text }: Named): string {
    if (!named.some((each) => each.letter === letter)) named.push({ letter, value: new Meaning(text) });
    used.add(letter);
    return letter;
  }

  /** A letter is itself, bytes and texts are written out while they are short. */
  function ofValue(value: unknown): string {
    if (typeof value === 'string' && isLetter(value)) return value;
    if (value instanceof Named) return meant(value);
    const written = inline(value);
    if (written === undefined || written.length > longestInline) return name(value);
    short.set(written, written);
    return written;
  }

  return {
    of(notification) {
      if (notification.kind === 'C') return '|';
      if (notification.kind === 'E') return '#';
      return ofValue(notification.value);
    },
    key: () => named,
  };
}

/** Whether a text can stand in a diagram as a letter that means itself. */
export const isLetter = (value: string): boolean =>
  [...value].length === 1 && !/[-\s()[\]<>'"|#^0-9]/.test(value);

/** The value as a diagram can hold it, if it can. */
function inline(value: unknown): string | undefined {
  if (value instanceof Uint8Array) return show(value, longestInline);
  if (typeof value !== 'string' || value.includes("'")) return undefined;
  return `'${value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r')}'`;
}

/** What stands in the key as it is. */
class Meaning {
  constructor(readonly text: string) {}
}

/** A value in full, for the key. */
export function explain(value: unknown): string {
  if (value instanceof Meaning) return value.text;
  if (value instanceof Uint8Array) return show(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (isObservable(value)) return 'an Observable';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return value.name || 'a function';
  try {
    return JSON.stringify(value, forJson) ?? String(value);
  } catch {
    return String(value);
  }
}

/** What JSON would lose. */
function forJson(_key: string, value: unknown): unknown {
  if (value instanceof Uint8Array) return show(value);
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  return typeof value === 'bigint' ? `${value}n` : value;
}
