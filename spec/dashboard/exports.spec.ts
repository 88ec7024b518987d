import { marbles } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import type { Mark } from '../../src/dashboard/batch.js';
import { asSpec } from '../../src/dashboard/page/marble-spec.js';
import { asSvg } from '../../src/dashboard/page/picture.js';
import type { Row } from '../../src/dashboard/page/store.js';
import { bytesOfText, hexOf } from '../../src/testing/bytes.js';

const view = { from: 900, to: 9_000 };

function said(at: number, kind: 'in' | 'out', text: string): Mark {
  const bytes = bytesOfText(text);
  return { row: 0, at, kind, size: bytes.length, hex: hexOf(bytes).replaceAll(' ', '') };
}

const row = (id: number, name: string, marks: Mark[]): Row => ({ id, name, marks });

/** What somebody might send who wants to get out of a string, a comment or an attribute. */
const nasty = [
  `it's`,
  `"both" 'kinds'`,
  '\\n\\',
  `\${x}\``,
  '*/ //\n</script><b a="',
  '\u0000\u001b]0;\u0007',
  '<68>',
];

const rows = [
  row(0, '127.0.0.1:1', [
    { row: 0, at: 950, kind: 'opened' },
    ...nasty.flatMap((text, index) => [
      said(1_000 + index * 100, 'in', text),
      said(1_000 + index * 100, 'out', text),
    ]),
    said(2_100, 'in', ''),
    { ...said(2_200, 'in', 'the first of many'), size: 5_000 },
    { row: 0, at: 2_300, kind: 'held' },
    { row: 0, at: 2_350, kind: 'failed', note: 'no \u0000 <b>' },
    { row: 0, at: 2_400, kind: 'closed', note: 'by the peer' },
  ]),
  row(1, '/tmp/<i>&"\u0001 caller', [
    said(990, 'out', 'welcome'),
    said(995, 'in', 'thanks'),
    { row: 1, at: 2_000, kind: 'closed', note: 'by us' },
  ]),
  row(2, '127.0.0.1:3', [said(1_000, 'in', 'hi'), { row: 2, at: 1_001, kind: 'error', note: 'reset' }]),
  row(3, '127.0.0.1:4', []),
];

/** Runs a spec that was saved, as a test runner does that knows but one test. */
function run(spec: string): void {
  const body = spec.replace(/^import .*$/gm, '');
  const titles: string[] = [];
  const test = (title: string, play: () => void) => {
    titles.push(title);
    play();
  };
  new Function('marbles', 'test', body)(marbles, test);
  expect(titles).toEqual(['goes as it was seen, 990 ms after the start']);
}

describe('what is seen on a dashboard, saved', () => {
  it('is a spec that runs and passes, whatever was said', () => {
    const spec = asSpec(rows, view);
    run(spec);
    expect(spec.match(/peer\('server:1'\)/g)).toHaveLength(3);
    expect(spec).toContain('// 1 messages are cut');
    expect(spec).toContain('// 1 messages without a byte are left out');
  });

  it('is a spec that fails for a server that says something else', () => {
    const other = asSpec(rows, view).replace("'welcome'", "'go away'");
    expect(() => run(other)).toThrow(/peer 2 gets/);
  });

  it('is a picture that is XML: in it, too, what a peer says is text', () => {
    const svg = asSvg(rows, view);
    expect(svg).not.toMatch(/<b|<i|<script|\p{Cc}(?<!\n)/u);
    expect(svg.replace(/&(amp|lt);/g, '')).not.toContain('&');
    expect(svg.match(/<circle /g)).toHaveLength(nasty.length * 2 + 5);
    expect(svg).toContain('class="held"');
    expect(svg.match(/<svg /g)?.length).toBe(svg.match(/<\/svg>/g)?.length);
  });
});
