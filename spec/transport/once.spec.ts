import { describe, expect, it } from 'vitest';
import { Once } from '../../src/transport/once.js';

/** What somebody hears who listens to it. */
function listening(once: Once<string>) {
  const heard: string[] = [];
  const subscription = once.value$.subscribe({
    next: (value) => heard.push(value),
    complete: () => heard.push('|'),
  });
  return { heard, subscription };
}

describe('Once', () => {
  it('tells those who wait, and those who come later', () => {
    const once = new Once<string>();
    const [one, two] = [listening(once), listening(once)];
    once.tell('a');
    expect([one.heard, two.heard, listening(once).heard]).toEqual([
      ['a', '|'],
      ['a', '|'],
      ['a', '|'],
    ]);
  });

  it('keeps to its first value', () => {
    const once = new Once<string>();
    once.tell('a');
    once.tell('b');
    expect(listening(once).heard).toEqual(['a', '|']);
  });

  it('tells nothing to who has left', () => {
    const once = new Once<string>();
    const one = listening(once);
    one.subscription.unsubscribe();
    const two = listening(once);
    once.tell('a');
    expect([one.heard, two.heard]).toEqual([[], ['a', '|']]);
  });
});
