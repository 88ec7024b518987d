import { describe, expect, it } from 'vitest';
import { expectKept } from '../helpers/kept-file.js';
import { pictures } from '../helpers/pictures.js';

describe('the pictures', () => {
  for (const [path, draw] of pictures) {
    it(`${path} is as its test draws it`, () => expectKept(path, draw()));
  }

  it('are of the README, too', () => expect([...pictures.keys()]).toContain('docs/pictures/echo.svg'));
});
