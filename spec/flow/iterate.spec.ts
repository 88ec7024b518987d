import { concat, defer, of, Subject, tap, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { iterate } from '../../src/flow/iterate.js';
import { paced } from '../../src/flow/paced.js';

/** All letters at once, noted when they are delivered. */
const letters = (all: string, delivered: string[]) => ({
  [Symbol.asyncIterator]: () =>
    iterate(
      of(...all).pipe(
        paced(),
        tap((letter) => delivered.push(letter)),
      ),
    ),
});

describe('asynchronous iteration', () => {
  it('has the next message delivered when the loop asks for it', async () => {
    const delivered: string[] = [];
    const seen: string[] = [];
    for await (const letter of letters('abc', delivered)) {
      await Promise.resolve();
      seen.push(`${letter} of ${delivered.join('')}`);
    }
    expect(seen).toEqual(['a of a', 'b of ab', 'c of abc']);
  });

  it('unsubscribes when the loop is left', async () => {
    const delivered: string[] = [];
    for await (const letter of letters('abc', delivered)) if (letter === 'b') break;
    expect(delivered).toEqual(['a', 'b']);
  });

  it('throws the error of the stream in the loop, behind what came before', async () => {
    const seen: string[] = [];
    const source$ = concat(
      of('a'),
      throwError(() => 'oops'),
    );
    const loop = async () => {
      const letters: AsyncIterable<string> = { [Symbol.asyncIterator]: () => iterate(source$) };
      for await (const letter of letters) seen.push(letter);
    };
    await expect(loop()).rejects.toBe('oops');
    expect(seen).toEqual(['a']);
  });

  it('answers calls that do not wait for each other, in order', async () => {
    const iterator = iterate(of('a', 'b'));
    const all = await Promise.all([iterator.next(), iterator.next(), iterator.next()]);
    expect(all).toEqual([
      { value: 'a', done: false },
      { value: 'b', done: false },
      { value: undefined, done: true },
    ]);
  });

  it('has the next message delivered where it has been asked for already', async () => {
    const source$ = new Subject<string>();
    const iterator = iterate(source$.pipe(paced()));
    const both = Promise.all([iterator.next(), iterator.next()]);
    for (const letter of 'abc') source$.next(letter);
    source$.complete();
    expect(await both).toEqual([
      { value: 'a', done: false },
      { value: 'b', done: false },
    ]);
    expect(await iterator.next()).toEqual({ value: 'c', done: false });
  });

  it('does not subscribe for one who asks when it has been left', async () => {
    let subscribed = 0;
    const iterator = iterate(defer(() => of(subscribed++)));
    await iterator.return?.();
    expect(await iterator.next()).toEqual({ value: undefined, done: true });
    expect(subscribed).toBe(0);
  });
});
