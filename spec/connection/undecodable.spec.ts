import { type Codec, type Connection, type ConnectOptions, converse, lines, serve, text } from 'rx-tinyproto';
import { hex, marbles } from 'rx-tinyproto/testing';
import { type Observable, Subscription, tap, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { Talk } from '../helpers/wire-talk.js';

const framing = lines();

/** Digits; what is none cannot be decoded. */
const digits: Codec<string> = {
  encode: text().encode,
  decode(bytes) {
    const digit = text().decode(bytes);
    if (!/^\d$/.test(digit)) throw new Error('no digit');
    return digit;
  },
};

/** What a server hears of lines that come together, where something happens at each that is no digit. */
const heardOf = (
  said: readonly string[],
  atOther: (conn: Connection<string>, reading: Subscription) => unknown,
) => {
  const heard: string[] = [];
  marbles(({ listen, connect, run, flush }) => {
    let conn: Connection<string>;
    const reading = new Subscription();
    const read = (messages$: Observable<string>) =>
      messages$.subscribe({
        next: (each) => heard.push(each),
        error: (error) => heard.push(`# ${error.code}`),
        complete: () => heard.push('|'),
      });
    const onUndecodable = () => {
      heard.push('?');
      atOther(conn, reading);
    };
    run(
      listen('server:1', { framing, codec: digits, onUndecodable }).pipe(
        serve((made) => {
          conn = made;
          reading.add(read(conn.messages$));
          timer(5).subscribe(() => reading.closed && read(conn.messages$));
          return timer(9);
        }),
      ),
    );
    const options: ConnectOptions<string> = { framing, codec: text() };
    run(connect('server:1', options).pipe(converse((client) => client.sendAll(said))));
    flush();
  })();
  return heard;
};

describe('at a message that cannot be decoded', () => {
  it('the connection may be destroyed: nothing behind it is delivered, or told of', () => {
    expect(heardOf(['1', 'a', '2', 'b'], (conn) => conn.destroy())).toEqual(['1', '?', '|']);
  });

  it('the connection may be closed', () => {
    expect(heardOf(['1', 'a', '2'], (conn) => conn.close().subscribe())).toEqual(['1', '?', '|']);
  });

  it('the reader may leave: what is behind it is for the next', () => {
    expect(heardOf(['1', 'a', '2', '3'], (_, reading) => reading.unsubscribe())).toEqual([
      '1',
      '?',
      '2',
      '3',
      '|',
    ]);
  });

  it('another codec may take over for what is behind it', () => {
    const anything = (conn: Connection<string>) => conn.reframe({ codec: text() });
    expect(heardOf(['1', 'a', 'b', '2'], anything)).toEqual(['1', '?', 'b', '2', '|']);
  });
});

it.each([undefined, null, 'a word'])('a codec may throw whatever it likes: %s', (thrown) => {
  const talk = new Talk(lines(), {
    codec: {
      encode: (bytes) => bytes,
      decode() {
        throw thrown;
      },
    },
  });
  talk.receive(hex`61 0a`);
  return expect(talk.read()).resolves.toMatchObject({ heard: ['not-decodable'] });
});

it('a codec may end its own connection while it decodes', () => {
  const heard: string[] = [];
  marbles(({ listen, connect, run, flush }) => {
    let conn: Connection<string> | undefined;
    const deadly: Codec<string> = {
      encode: text().encode,
      decode(bytes) {
        conn?.destroy();
        return text().decode(bytes);
      },
    };
    run(
      listen('server:1', { framing, codec: deadly }).pipe(
        serve((made) => {
          conn = made;
          return made.messages$;
        }),
        tap((each) => heard.push(each)),
      ),
    );
    run(
      connect('server:1', { framing, codec: text() }).pipe(converse((client) => client.sendAll(['a', 'b']))),
    );
    flush();
  })();
  expect(heard).toEqual([]);
});
