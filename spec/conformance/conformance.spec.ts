import { describe, expect, it } from 'vitest';
import { run } from './run.js';
import { type Case, chapter, fact } from './suite.js';
import { everyVariant, nameOf } from './variants.js';
import { fin, hears, message, ok, opening, says } from './words.js';

describe('The conformance suite', () => {
  for (const variant of everyVariant(1, 'quick')) {
    it(`${variant.number} ${variant.case.title}`, async () => {
      expect((await run(variant)).wrong, nameOf(variant)).toEqual([]);
    });
  }
});

describe('A case that is not so', () => {
  const script = { peer: [says(opening, message('a')), hears(opening, ok), fin], ends: 'peer' } as const;
  const wrongOf = async (...cases: Case[]) => {
    const [variant] = everyVariant(1, 'everything', [chapter(99, 'What is not so', cases)]);
    return variant && (await run(variant)).wrong.join();
  };

  it('fails by its end, its messages, what its peer hears, its sends and its length', async () => {
    expect(await wrongOf(fact('so', script))).toBe('');
    expect(await wrongOf(fact('not so', { ...script, ends: 'us' }))).toContain("ends with 'peer'");
    expect(await wrongOf(fact('not so', { ...script, delivers: 2 }))).toContain(
      'delivers 1 messages instead of 2',
    );
    expect(
      await wrongOf(
        fact('not so', { ...script, peer: [...script.peer.slice(0, 1), hears(opening, ok, ok)] }),
      ),
    ).toContain('the peer');
    expect(await wrongOf(fact('not so', { ...script, sends: ['taken'] }))).toContain('sends are');
    expect(await wrongOf(fact('not so', { ...script, lastsMs: [5, 6] }))).toContain('takes');
    expect(await wrongOf(fact('not so', { ...script, reports: 1 }))).toContain('RxJS reports 0');
  });
});
