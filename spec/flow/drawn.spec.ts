import { Subscription, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { drawn } from '../../src/flow/drawn.js';
import { drawnAsync } from '../../src/flow/drawn-async.js';
import { type Hold, hold } from '../../src/flow/hold.js';

/** An iterator of `a`, `b`, … that notes what is asked of it. */
function noted(letters: string, calls: string[], atNext: () => void = () => {}): Iterable<string> {
  const left = [...letters];
  return {
    [Symbol.iterator]: () => ({
      next() {
        calls.push('next');
        atNext();
        const value = left.shift();
        return value === undefined ? { done: true, value } : { done: false, value };
      },
      return() {
        calls.push('return');
        return { done: true, value: undefined };
      },
    }),
  };
}

describe('the values of an iterable', () => {
  it('are drawn to the end, and then it is not told to return', () => {
    const calls: string[] = [];
    drawn(noted('a', calls)).subscribe();
    expect(calls).toEqual(['next', 'next']);
  });

  it('are left: it is told to return, once', () => {
    const calls: string[] = [];
    drawn(noted('ab', calls))
      .pipe(tap(() => hold()))
      .subscribe()
      .unsubscribe();
    expect(calls).toEqual(['next', 'return']);
  });

  it('are left while it gives its next one: it is told to return when it has', () => {
    const calls: string[] = [];
    const held: Hold[] = [];
    const subscription = new Subscription();
    const leave = () => {
      if (calls.length < 2) return;
      subscription.unsubscribe();
      calls.push('left');
    };
    subscription.add(drawn(noted('ab', calls, leave)).subscribe(() => held.push(hold())));
    held[0]?.release();
    expect(calls).toEqual(['next', 'next', 'left', 'return']);
  });

  it('a generator may leave itself', () => {
    const seen: string[] = [];
    const held: Hold[] = [];
    const subscription = new Subscription();
    const letters = function* () {
      yield 'a';
      subscription.unsubscribe();
      yield 'b';
    };
    const next = (letter: string) => {
      seen.push(letter);
      held.push(hold());
    };
    subscription.add(drawn(letters()).subscribe({ next, error: (error) => seen.push(String(error)) }));
    expect(() => held[0]?.release()).not.toThrow();
    expect(seen).toEqual(['a']);
  });
});

it('an asynchronous iterator that throws when it is asked is an error to whoever reads, not to who lets go', async () => {
  const held: Hold[] = [];
  const errors: unknown[] = [];
  let asked = 0;
  const next = () => {
    if (asked++ > 0) throw new Error('no more');
    return Promise.resolve({ done: false, value: 'a' });
  };
  const letters = { [Symbol.asyncIterator]: () => ({ next }) };
  drawnAsync(letters).subscribe({ next: () => held.push(hold()), error: (error) => errors.push(error) });
  await Promise.resolve();
  expect(held).toHaveLength(1);
  expect(() => held[0]?.release()).not.toThrow();
  expect(errors).toMatchObject([{ message: 'no more' }]);
});
