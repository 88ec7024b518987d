import { asapScheduler, mergeMap, Observable, take } from 'rxjs';
import { positive } from '../connection/options.js';
import { type Channel, nothing, type Word } from './channel.js';

/** Options of `clusterHub`. */
export interface HubOptions {
  /** Bytes of letters that may wait for one worker. What comes beyond is dropped for it, and its rooms tell how much they missed. @default 16 MiB */
  readonly maxPendingBytes?: number;
}

type LetterWord = Extract<Word, { say: 'letter' }>;

/** One worker, as the primary sees it. */
interface End {
  readonly channel: Channel;
  readonly subjects: Set<string>;
  pendingBytes: number;
  /** The last of its letters that is here, and the last that it was told of. */
  taken: number;
  told: number;
}

/**
 * Passes each letter on to all other workers that receive its subject, in order.
 *
 *     worker 1 ──letter──▶ primary ──letter──▶ worker 2, worker 3: bounded for each
 *              ◀──taken──
 */
export function hub(
  channels$: Observable<Channel>,
  { maxPendingBytes = 1 << 24 }: HubOptions = {},
): Observable<never> {
  positive('maxPendingBytes', maxPendingBytes);
  const ends = new Set<End>();

  const passOn = (end: End, letter: LetterWord) => {
    const bytes = letter.bytes.length;
    if (end.pendingBytes > 0 && end.pendingBytes + bytes > maxPendingBytes) return;
    end.pendingBytes += bytes;
    end.channel.send(letter, () => {
      end.pendingBytes -= bytes;
    });
  };

  const take = (from: End, letter: LetterWord) => {
    for (const end of ends) if (end !== from && end.subjects.has(letter.subject)) passOn(end, letter);
    if (from.taken === from.told) asapScheduler.schedule(() => confirm(from));
    from.taken = letter.flight;
  };

  /** One word for all that came in a turn. */
  const confirm = (end: End) => {
    end.told = end.taken;
    end.channel.send({ say: 'taken', flight: end.taken }, nothing);
  };

  const hear = (end: End, word: Word) => {
    if (word.say === 'letter') take(end, word);
    else if (word.say === 'listen') end.subjects.add(word.subject);
    else if (word.say === 'ignore') end.subjects.delete(word.subject);
    else if (word.say === 'gone') end.subjects.clear();
    else if (word.say === 'hello') {
      end.subjects.clear();
      for (const subject of word.subjects) end.subjects.add(subject);
      end.channel.send({ say: 'up' }, nothing);
    }
  };

  return channels$.pipe(mergeMap((channel) => serveChannel(channel)));

  function serveChannel(channel: Channel): Observable<never> {
    return new Observable((subscriber) => {
      const end: End = { channel, subjects: new Set(), pendingBytes: 0, taken: 0, told: 0 };
      ends.add(end);
      channel.send({ say: 'ready' }, nothing);
      subscriber.add(channel.words$.subscribe((word) => hear(end, word)));
      subscriber.add(firstOf(channel.closed$).subscribe(() => subscriber.complete()));
      subscriber.add(() => {
        ends.delete(end);
        channel.send({ say: 'gone' }, nothing);
      });
    });
  }
}

const firstOf = take<unknown>(1);
