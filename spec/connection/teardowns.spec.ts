import { type Connection, consume, lines, text, tinyproto } from 'rx-tinyproto';
import { marbles } from 'rx-tinyproto/testing';
import { config, delayWhen, finalize, type MonoTypeOperatorFunction, NEVER, Subject, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';

type Text = Connection<string>;

const codec = text();

const fails = <T>(): MonoTypeOperatorFunction<T> =>
  finalize(() => {
    throw new Error('the teardown');
  });

/** What is noted while two connections play, and how many errors RxJS is left with. */
function played(
  framing: ReturnType<typeof lines>,
  play: (a: Text, b: Text, note: (what: string) => void) => void,
) {
  const notes: string[] = [];
  const note = (what: string) => notes.push(what);
  const before = config.onUnhandledError;
  let reported = 0;
  config.onUnhandledError = () => reported++;
  try {
    marbles(
      ({ listen, connect, flush }) => {
        const options = { framing, codec };
        const noted = (conn: Text, name: string) =>
          conn.closed$.subscribe(({ by }) => note(`${name} closed by ${by}`));
        let a: Text;
        const server = listen('server:1', options).subscribe((conn) => {
          a = conn;
          noted(a, 'a');
        });
        const begin = (b: Text) => {
          noted(b, 'b');
          play(a, b, note);
        };
        connect('server:1', options)
          .pipe(delayWhen(() => timer(1)))
          .subscribe({ next: begin, error: () => {} });
        flush();
        server.unsubscribe();
      },
      { allow: ['undelivered', 'unsent', 'held', 'open-subscriptions'] },
    )();
  } finally {
    config.onUnhandledError = before;
  }
  return { notes, reported };
}

describe.each([
  ['lines', lines()],
  ['tinyproto', tinyproto()],
])('a teardown that throws, over %s', (_, framing) => {
  it('of a send that fails keeps nobody else from the news', () => {
    const { notes, reported } = played(framing, (_, b, note) => {
      for (const each of 'xy')
        b.send(each)
          .pipe(fails())
          .subscribe({ error: () => note(each) });
      b.send('z').subscribe({ error: ({ code }) => note(`z ${code}`) });
      b.destroy();
    });
    expect(notes).toEqual(['x', 'y', 'z connection-closed', 'b closed by us', 'a closed by error']);
    expect(reported).toBe(2);
  });

  it('of a send that is taken keeps nothing from its way', () => {
    const { notes, reported } = played(framing, (a, b, note) => {
      a.messages$.subscribe(note);
      b.send('x').pipe(fails()).subscribe();
      b.send('y').subscribe();
      timer(9).subscribe(() => b.close().subscribe());
    });
    expect(notes).toEqual(['x', 'y', 'a closed by peer', 'b closed by us']);
    expect(reported).toBe(1);
  });

  it('of a reader keeps the connection from no end', () => {
    const { notes, reported } = played(framing, (a, b, note) => {
      a.messages$.pipe(fails()).subscribe();
      a.messages$.subscribe({ complete: () => note('|') });
      b.close().subscribe();
    });
    expect(notes).toEqual(['|', 'a closed by peer', 'b closed by us']);
    expect(reported).toBe(1);
  });

  it('of who watches the road keeps the connection from no end', () => {
    const { notes, reported } = played(framing, (a, b) => {
      a.closed$.subscribe(() => b.destroy());
      b.flow$.pipe(fails()).subscribe();
      b.closed$.pipe(fails()).subscribe();
      a.destroy();
    });
    expect(notes).toEqual(['a closed by us', 'b closed by us']);
    expect(reported).toBe(2);
  });

  it('of an iterator keeps its connection from no end', () => {
    const endless = function* () {
      try {
        for (;;) yield 'x'.repeat(3_000);
      } finally {
        notAgain();
      }
    };
    const notAgain = () => {
      throw new Error('the teardown');
    };
    const { notes, reported } = played(framing, (_, b, note) => {
      b.sendAll(endless()).subscribe({ error: ({ code }) => note(code) });
      b.destroy();
    });
    expect(notes).toEqual(['connection-closed', 'b closed by us', 'a closed by error']);
    expect(reported).toBe(1);
  });
});

it('a teardown that throws lets go of what consume has held', () => {
  const work = new Subject<never>();
  const seen: string[] = [];
  const source = new Subject<string>();
  source
    .pipe(
      consume((each) => {
        seen.push(each);
        return each === 'a' ? work.pipe(fails()) : NEVER;
      }),
    )
    .subscribe();
  source.next('a');
  source.next('b');
  expect(() => work.complete()).toThrow('the teardown');
  expect(seen).toEqual(['a', 'b']);
});
