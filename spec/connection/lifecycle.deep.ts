import { describe, expect, it } from 'vitest';
import type { Kind } from '../helpers/life-model.js';
import { livedThrough } from '../helpers/lives.js';

describe('a connection', () => {
  it.each([
    ['whose directions end by themselves', { halfClose: true, allowHalfOpen: false, waits: true }],
    ['whose direction stays open', { halfClose: true, allowHalfOpen: true, waits: true }],
    ['whose directions need each other', { halfClose: false, allowHalfOpen: false, waits: true }],
    ['whose frames wait for nothing', { halfClose: true, allowHalfOpen: true, waits: false }],
    ['of a server', { halfClose: true, allowHalfOpen: false, waits: true, hosted: true }],
    [
      'of a server, in tinyproto’s way',
      { halfClose: false, allowHalfOpen: false, waits: true, hosted: true },
    ],
    [
      'of a server, whose frames wait for nothing',
      { halfClose: true, allowHalfOpen: false, waits: false, hosted: true },
    ],
  ] satisfies [string, Kind][])(
    '%s lives as the table says, whatever five or six things happen to it',
    (_, kind) => {
      const { differences, lives } = livedThrough(kind, 6);
      expect(differences.slice(0, 5)).toEqual([]);
      expect(lives).toBeGreaterThan(4_000);
    },
  );
});
