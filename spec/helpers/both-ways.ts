import { type Connection, connect, type TinyprotoOptions } from 'rx-tinyproto';
import { mergeMap, tap } from 'rxjs';
import { expect } from 'vitest';
import { type Cleanup, serving } from './loopback.js';
import { metered, unconsumedBound } from './metered.js';
import { asksAndAnswers } from './relayed.js';

/** Both sides of a connection stream so many requests, and answer those of the other from inside their handlers; at neither end does more lie unconsumed than rule 3 allows. */
export async function bothAskAndAnswer(
  test: Cleanup,
  messages: number,
  tinyprotoOptions: TinyprotoOptions,
  timeout: number,
): Promise<void> {
  const [ours, theirs] = [metered(tinyprotoOptions), metered(tinyprotoOptions)];
  const ends: unknown[] = [];
  const both = (conn: Connection) =>
    asksAndAnswers(messages)(conn).pipe(tap((replies) => ends.push(replies)));
  const { port, errors } = await serving(test, both, { framing: theirs.framing });
  const client = connect(port, { framing: ours.framing })
    .pipe(mergeMap(both))
    .subscribe({ error: (error) => ends.push(error) });
  test.onTestFinished(() => client.unsubscribe());
  await expect.poll(() => ends, { timeout }).toEqual([messages, messages]);
  expect(errors).toEqual([]);
  const bound = unconsumedBound(tinyprotoOptions);
  expect(ours.most).toBeLessThanOrEqual(bound);
  expect(theirs.most).toBeLessThanOrEqual(bound);
}

/** Ways to have it. */
export const asksAndAnswersWith: [string, TinyprotoOptions][] = [
  ['strict', {}],
  ['strict, with 16 slots', { inboxSlots: 16 }],
  ['with a window of 16', { window: 16 }],
  ['with a window of 16 and as many slots', { window: 16, inboxSlots: 16 }],
  ['with a window of 64', { window: 64 }],
];
