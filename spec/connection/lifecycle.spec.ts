import { describe, expect, it } from 'vitest';
import type { Kind } from '../helpers/life-model.js';
import { livedThrough } from '../helpers/lives.js';
import { lifecycle } from './lifecycle.js';

/** Kinds of connections, and the arrows of the table that each has no use for. */
const kinds: readonly (readonly [which: string, kind: Kind, untaken: RegExp])[] = [
  ['whose directions end by themselves', { halfClose: true, allowHalfOpen: false, waits: true }, /^$/],
  [
    'whose direction stays open',
    { halfClose: true, allowHalfOpen: true, waits: true, hosted: true },
    /^ended finSent$/,
  ],
  [
    'whose directions need each other',
    { halfClose: false, allowHalfOpen: true, waits: true, hosted: true },
    /^((open|ended) end|(ending|half-closed|leaving) \w+)$/,
  ],
  [
    'whose frames wait for nothing',
    { halfClose: true, allowHalfOpen: false, waits: false },
    /^(opening gone|(ending|leaving|closing) (?!finSent)\w+)$/,
  ],
];

const all = Object.entries(lifecycle).flatMap(([state, next]) =>
  Object.keys(next).map((event) => `${state} ${event}`),
);

describe('a connection', () => {
  it.each(kinds)('%s lives as the table says, whatever four things happen to it', (_, kind, untaken) => {
    // The first of five opens it, where it is not open at once.
    const { differences, arrows } = livedThrough(kind, kind.waits ? 5 : 4);
    expect(differences.slice(0, 5)).toEqual([]);
    expect(all.filter((arrow) => !arrows.has(arrow))).toEqual(all.filter((arrow) => untaken.test(arrow)));
  });
});
