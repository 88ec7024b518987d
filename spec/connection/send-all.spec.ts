import { type Connection, converse, lengthPrefixed, serve } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { EMPTY, ignoreElements, merge, type Observable, Subject, take, takeUntil, tap } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { sendAll } from '../../src/connection/send-all.js';

const framing = lengthPrefixed();
const one = Uint8Array.of(1);
const other = Uint8Array.of(2);

/** What a server hears of a client whose queue has room for eight messages, above four of which streams wait. */
const heardOf = (client: (conn: Connection) => Observable<unknown>): number[] => {
  const heard: number[] = [];
  marbles(({ listen, connect, flush }) => {
    const hear = (message: Uint8Array) => heard.push(message[0] ?? 0);
    listen('server:1', { framing })
      .pipe(
        take(1),
        serve((conn) => conn.messages$.pipe(tap(hear))),
      )
      .subscribe();
    connect('server:1', { framing, maxQueuedMessages: 8 }).pipe(converse(client)).subscribe();
    flush();
  })();
  return heard;
};

function* times(count: number, message: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < count; at++) yield message;
}

/** An iterator that counts how often it is told to return. */
class Counted implements IterableIterator<Uint8Array> {
  returned = 0;
  #left: number;
  readonly #next: (() => void) | undefined;

  constructor(count: number, next?: () => void) {
    this.#left = count;
    this.#next = next;
  }

  next(): IteratorResult<Uint8Array> {
    this.#next?.();
    this.#left--;
    return this.#left >= 0 ? { done: false, value: one } : { done: true, value: undefined };
  }

  return(): IteratorResult<Uint8Array> {
    this.returned++;
    return { done: true, value: undefined };
  }

  [Symbol.iterator](): this {
    return this;
  }
}

const endless = () => {
  let full = 0;
  return {
    begin: () => void full++,
    withdrawAll: () => {},
    whenRoom: () => {},
    get full() {
      return full >= 4;
    },
  };
};

describe('sendAll', () => {
  it('draws no more of an endless iterable when it is left, though the queue is empty then', () => {
    let drawn = 0;
    let queued = 0;
    function* words(): Generator<string> {
      // So many in one go would be without end.
      for (; drawn < 1_000; drawn++) yield 'word';
    }
    const road = {
      begin: () => void queued++,
      withdrawAll: () => {
        queued = 0;
      },
      whenRoom: () => {},
      get full() {
        return queued >= 4;
      },
    };
    const sending = sendAll(words(), road).subscribe();
    expect(drawn).toBe(3);
    sending.unsubscribe();
    expect(drawn).toBe(3);
  });

  it('begins when there is room, though the queue is full of what others send', () => {
    const heard = heardOf((conn) =>
      merge(...Array.from(times(6, one), (message) => conn.send(message)), conn.sendAll([other, other])).pipe(
        ignoreElements(),
      ),
    );
    expect(heard).toEqual([1, 1, 1, 1, 1, 1, 2, 2]);
  });

  it('comes to its turn beside a stream without end', () => {
    const heard = heardOf((conn) =>
      merge(conn.sendAll(times(1_000, one)), conn.sendAll([other, other])).pipe(ignoreElements()),
    );
    expect(heard.length).toBe(1_002);
    expect(heard.indexOf(2)).toBeLessThan(20);
  });

  it('fails with the connection, though nothing of it had begun', () => {
    let failure: unknown;
    heardOf((conn) => {
      merge(...Array.from(times(6, one), (message) => conn.send(message))).subscribe({ error: () => {} });
      conn.sendAll([other]).subscribe({
        error: (error) => {
          failure = error;
        },
      });
      conn.destroy();
      return EMPTY;
    });
    expect(failure).toMatchObject({ code: 'connection-closed', fate: 'not-sent' });
  });

  it('tells an iterator once to return that is left, and none that is done or has thrown', () => {
    const left = new Counted(1_000);
    sendAll(left, endless()).subscribe().unsubscribe();
    const done = new Counted(2);
    sendAll(done, endless()).subscribe().unsubscribe();
    const thrown = new Counted(2, () => {
      throw new Error('oops');
    });
    let failure: unknown;
    sendAll(thrown, endless()).subscribe({
      error: (error) => {
        failure = error;
      },
    });
    expect(failure).toEqual(new Error('oops'));
    expect([left.returned, done.returned, thrown.returned]).toEqual([1, 0, 0]);
  });

  it('sends nothing more when it is left while its iterator gives a message', () => {
    let sent = 0;
    const left = new Subject<void>();
    const leaving = new Counted(5, () => sent === 2 && left.next());
    const road = { ...endless(), full: false, begin: () => void sent++ };
    sendAll(leaving, road).pipe(takeUntil(left)).subscribe();
    expect(sent).toBe(2);
    expect(leaving.returned).toBe(1);
  });
});

it('tells an asynchronous iterator at once to return that is left while it is asked, and once', async () => {
  let returned = 0;
  let give: (result: IteratorResult<Uint8Array>) => void = () => {};
  const asked: AsyncIterableIterator<Uint8Array> = {
    next: () => new Promise((resolve) => (give = resolve)),
    return: () => Promise.resolve({ done: true, value: returned++ }),
    [Symbol.asyncIterator]() {
      return this;
    },
  };
  const sent: unknown[] = [];
  const road = { ...endless(), begin: (message: unknown) => void sent.push(message) };
  sendAll(asked, road).subscribe().unsubscribe();
  expect(returned).toBe(1);
  give({ done: false, value: one });
  await new Promise(setImmediate);
  expect([sent, returned]).toEqual([[], 1]);
});
