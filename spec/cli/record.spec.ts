import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { consume, lines, serve } from 'rx-tinyproto';
import { type MarbleHelpers, marbles } from 'rx-tinyproto/testing';
import { map } from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/cli/exit-codes.js';
import { command } from '../helpers/cli-stage.js';

const folder = mkdtempSync(join(tmpdir(), 'rx-tinyproto-record-'));
afterAll(() => rmSync(folder, { recursive: true }));

const letters = { a: 'apple', b: '<b> & "c"' };
const different = { d: exitCodes.different, 0: exitCodes.done };

/** A server that answers each line with something made of it. */
const answering = ({ run, listen }: MarbleHelpers, answer = (line: string) => line.toUpperCase()) =>
  run(
    listen('server:1', { framing: lines(), codec: { encode: bytes, decode: text } }).pipe(
      serve((conn) => conn.messages$.pipe(consume((line) => conn.send(answer(line))))),
    ),
  );
const bytes = (line: string) => new TextEncoder().encode(line);
const text = (line: Uint8Array) => new TextDecoder().decode(line);

/** Records a conversation in that file. */
function recording(file: string): string {
  const path = join(folder, file);
  marbles((helpers) => {
    answering(helpers);
    const setting = { input: '-a--b-|', lines: letters };
    helpers.run(command(helpers, `connect server:1 -f lines -q --record ${path}`, setting).code$);
  })();
  return path;
}

describe('--record', () => {
  it('keeps the conversation as a marble diagram', () => {
    const [title, , theirs, ours] = readFileSync(recording('talk.txt'), 'utf8').split('\n');
    expect(title).toBe('connect, lines');
    expect(theirs).toBe(`  server:1 →  -'APPLE'--'<B> & "C"'`);
    expect(ours).toBe(`  server:1 ←  -'apple'--'<b> & "c"'`);
  });

  it('keeps it as a picture in a file that is called so', () => {
    const picture = readFileSync(recording('talk.svg'), 'utf8');
    expect(picture).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(picture).toContain('APPLE');
    expect(picture.match(/<metadata>(.*)<\/metadata>/s)?.[1]).not.toMatch(/[<>&]/);
  });

  it('says so before anything is said when the file cannot be written', () =>
    marbles((helpers) => {
      const { code$, err$ } = command(helpers, `connect server:1 --record ${folder}/none/talk.txt`);
      helpers.expectObservable(err$.pipe(map((line) => line.replace(/,.*/, '')))).toBe('e', {
        e: 'rx-tinyproto: ENOENT: no such file or directory',
      });
      helpers.expectObservable(code$).toBe('(f|)', { f: exitCodes.failed });
    })());
});

describe('replay', () => {
  it.each(['talk.txt', 'talk.svg'])('plays %s when it was said', (file) => {
    const path = recording(file);
    marbles((helpers) => {
      const { code$, out$ } = command(helpers, `replay ${path} --text`);
      helpers.expectObservable(code$).toBe('----(0|)', different);
      helpers.expectObservable(out$).toBe('-[aA]--[bB]', {
        a: '1 ← apple',
        A: '1 → APPLE',
        b: '1 ← <b> & "c"',
        B: '1 → <B> & "C"',
      });
    })();
  });

  it('asks a server the same again, and ends with 0 where the answers are the same', () => {
    const path = recording('talk.txt');
    marbles((helpers) => {
      answering(helpers);
      const { code$, out$ } = command(helpers, `replay ${path} server:1 --speed forever`);
      helpers.expectObservable(out$.pipe(map((line) => line.slice(4)))).toBe('[aAbB]', {
        a: 'apple',
        A: 'APPLE',
        b: '<b> & "c"',
        B: '<B> & "C"',
      });
      helpers.expectObservable(code$).toBe('(0|)', different);
    })();
  });

  it('ends with 6 at the first answer that is another', () => {
    const path = recording('talk.txt');
    marbles((helpers) => {
      answering(helpers, (line) => (line === 'apple' ? 'APPLE' : 'pear'));
      const { code$, err$ } = command(helpers, `replay ${path} server:1`);
      helpers.expectObservable(err$).toBe('----d', {
        d: `connection 1: '<B> & "C"' was expected, and 'pear' came`,
      });
      helpers.expectObservable(code$).toBe('----(d|)', different);
    })();
  });

  it('ends with 6 when an answer does not come in time', () => {
    const path = recording('talk.txt');
    marbles((helpers) => {
      helpers.accepts('server:1');
      const { code$, err$ } = command(helpers, `replay ${path} server:1 --wait 1`);
      helpers
        .expectObservable(err$)
        .toBe('- 1s d', { d: "connection 1: 'APPLE' was expected, and nothing came" });
      helpers.expectObservable(code$).toBe('- 1s (d|)', different);
    })();
  });
});
