import { describe, expect, it } from 'vitest';
import { chapters } from './chapters/index.js';
import { run } from './run.js';
import { everyVariant, nameOf } from './variants.js';

const seed = Number(process.env.RX_TINYPROTO_SEED ?? 1);
const variants = everyVariant(seed, 'deep');

describe(`The conformance suite, seed ${seed}`, () => {
  it('has a thousand variants at least', () => {
    expect(variants.length).toBeGreaterThan(1_000);
  });

  for (const { number, title, cases } of chapters) {
    describe(`${number}. ${title}`, () => {
      for (const [index, each] of cases.entries()) {
        const own = variants.filter((variant) => variant.number === `${number}.${index + 1}`);
        it(`${number}.${index + 1} ${each.title} (${own.length})`, async () => {
          const wrong: string[] = [];
          for (const variant of own) {
            const result = await run(variant);
            if (result.wrong.length > 0) wrong.push(`${nameOf(variant)}: ${result.wrong.join('; ')}`);
          }
          expect(wrong).toEqual([]);
        });
      }
    });
  }
});
