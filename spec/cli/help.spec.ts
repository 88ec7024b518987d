import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/cli/commands.js';
import { exitCodes } from '../../src/cli/exit-codes.js';

const pages = ['docs/command-line.md', 'docs/file-transfer.md']
  .map((page) => readFileSync(page, 'utf8'))
  .join('\n');

describe('docs/command-line.md', () => {
  it('has the exit codes that there are', () => {
    const told = [...pages.matchAll(/^\| (\d+) \|/gm)].map(([, code]) => Number(code));
    expect(told).toEqual(Object.values(exitCodes));
  });

  it.each(Object.entries(commands))('tells of every option of %s', (_, { help }) => {
    const options = [...help.matchAll(/^ {2}(?:-\w, | {4})(--[a-z-]+)/gm)].map(([, name]) => name ?? '');
    expect(options.length).toBeGreaterThan(2);
    expect(options.filter((name) => name !== '--help' && !pages.includes(name))).toEqual([]);
  });
});

describe('--help', () => {
  it.each(Object.entries(commands))(
    'of %s fits a terminal that is 120 wide, and has examples',
    (name, { help }) => {
      expect(help.split('\n').filter((line) => line.length > 120)).toEqual([]);
      expect(help).toContain(`\nexamples:\n  # `);
      expect(help).toContain(`\n  rx-tinyproto ${name}`);
    },
  );
});
