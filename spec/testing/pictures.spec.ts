import { drawSvg } from 'rx-tinyproto/testing';
import { describe, expect, it } from 'vitest';
import { expectKept } from '../helpers/kept-file.js';
import { pictures } from '../helpers/pictures.js';

describe('the pictures', () => {
  for (const [path, draw] of pictures) {
    it(`${path} is as its test draws it`, () => expectKept(path, draw()));
  }

  it('are XML, whatever was said', () => {
    const marks = [{ frame: 0, notification: { kind: 'N', value: 'a\u0000b\u001b' } }] as const;
    expect(drawSvg({ rows: [{ name: 'bell\u0007', kind: 'wire', marks }] })).not.toMatch(/(?!\n)\p{Cc}/u);
  });

  it('are of the README, too', () => expect([...pictures.keys()]).toContain('docs/pictures/echo.svg'));
});
