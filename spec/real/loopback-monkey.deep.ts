import { type Closed, type Connection, connect, consume, SendError, tinyproto } from 'rx-tinyproto';
import {
  catchError,
  concatMap,
  defer,
  EMPTY,
  firstValueFrom,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  range,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { expect, it } from 'vitest';
import { badRoad } from '../helpers/bad-road.js';
import { Dice } from '../helpers/dice.js';
import { type Cleanup, serving } from '../helpers/loopback.js';

it('nothing is lost, doubled, damaged or left unsettled over a bad road, however it ends', {
  timeout: 300_000,
}, async (test) => {
  for (let seed = 0; seed < 400; seed += 4) {
    await Promise.all([0, 1, 2, 3].map((each) => conversation(test, seed + each)));
  }
});

/** Who ends a conversation, and how. */
const endings = [
  'the client unsubscribes',
  'the client closes',
  'the client destroys',
  'the server closes',
  'the server destroys',
  'the server stops',
  'both close',
  'the road ends by fin',
  'the road ends by rst',
] as const;

async function conversation(test: Cleanup, seed: number): Promise<void> {
  const dice = new Dice(seed);
  const ending = dice.pick(endings);
  const soon = timer(dice.pick([dice.below(30), dice.below(300)]));
  const client = new End(dice);
  const server = new End(dice);
  const options = () => ({
    framing: tinyproto({ window: dice.pick([1, 1, 8, 16]), extraSlots: 16, inboxSlots: dice.pick([1, 4]) }),
    closeTimeoutMs: 3_000,
  });

  const ours = await serving(
    test,
    (conn, { stopping$ }) => {
      if (ending === 'the server destroys') soon.subscribe(() => conn.destroy());
      const closes = ending === 'the server closes' || ending === 'both close' ? soon : NEVER;
      return server.lives(conn).pipe(takeUntil(merge(closes, stopping$)));
    },
    { ...options(), graceMs: 2_000 },
  );
  const by = ending.endsWith('rst') ? 'rst' : 'fin';
  const cut = ending.startsWith('the road') ? ({ afterBytes: dice.below(100_000), by } as const) : undefined;
  const port = await badRoad(test, ours.port, dice, cut);

  await new Promise<void>((over) => {
    const subscription = connect(port, options())
      .pipe(
        mergeMap((conn) => {
          conn.closed$.subscribe(() => over());
          soon.subscribe(() => {
            if (ending === 'the client unsubscribes') subscription.unsubscribe();
            else if (ending === 'the client closes' || ending === 'both close') conn.close().subscribe();
            else if (ending === 'the client destroys' || cut) conn.destroy();
            else if (ending === 'the server stops') void ours.stop();
          });
          return client.lives(conn);
        }),
      )
      .subscribe({ error: () => over() });
  });
  await server.over();
  await client.over();
  ours.abort();

  const where = { seed, ending };
  client.expectHeardBy(server, where);
  server.expectHeardBy(client, where);
  // Who ends in order takes leave of nothing that was taken.
  if (ending === 'the client unsubscribes' || ending === 'the client closes')
    client.expectAllHeardBy(server, where);
}

type Fate = 'under way' | 'taken' | 'not-sent' | 'refused' | 'unknown' | 'cancelled';

/** One end of a conversation: the fates of what it has sent, in order, and which of the other's messages it has heard. */
class End {
  readonly #sent: Fate[] = [];
  readonly #heard: number[] = [];
  #connection: Connection | undefined;
  #closed: Closed | undefined;

  constructor(private readonly dice: Dice) {}

  /** Sends from several places at once, gives some of it up, and reads at a speed of its own. */
  lives(connection: Connection): Observable<unknown> {
    this.#connection = connection;
    connection.closed$.subscribe((closed) => {
      this.#closed = closed;
    });
    const talkers = Array.from({ length: this.dice.below(4) }, () => this.#talks(connection));
    return merge(this.#reads(connection), ...talkers);
  }

  async over(): Promise<void> {
    if (this.#connection) await firstValueFrom(this.#connection.closed$);
  }

  expectHeardBy(other: End, where: object): void {
    if (this.#connection)
      expect({ ...where, closed: this.#closed !== undefined }).toEqual({ ...where, closed: true });
    const error = this.#closed?.error as { code?: string } | undefined;
    if (error)
      expect({ ...where, code: error.code }).toEqual({
        ...where,
        code: expect.stringMatching(/^(reset|cut-short|close-timeout)$/),
      });
    expect({ ...where, left: this.#sent.filter((fate) => fate === 'under way') }).toEqual({
      ...where,
      left: [],
    });
    let next = 0;
    for (const number of other.#heard) {
      expect({ ...where, fate: this.#sent[number] }).toEqual({
        ...where,
        fate: expect.stringMatching(/^(taken|unknown|cancelled)$/),
      });
      expect(number).toBeGreaterThanOrEqual(next);
      const passedOver = this.#sent
        .slice(next, number)
        .filter((fate) => fate !== 'not-sent' && fate !== 'cancelled');
      expect({ ...where, passedOver }).toEqual({ ...where, passedOver: [] });
      next = number + 1;
    }
  }

  expectAllHeardBy(other: End, where: object): void {
    if (this.#closed?.error !== undefined || other.#closed?.error !== undefined) return;
    const heard = new Set(other.#heard);
    const lost = this.#sent.flatMap((fate, number) =>
      fate === 'taken' && !heard.has(number) ? [number] : [],
    );
    expect({ ...where, lost }).toEqual({ ...where, lost: [] });
  }

  #talks(connection: Connection): Observable<unknown> {
    const givesUp = this.dice.below(3) === 0 ? timer(this.dice.below(20)) : NEVER;
    return range(0, this.dice.pick([25, 25, 400])).pipe(
      concatMap(() =>
        this.#sends(connection, this.dice.pick([0, 1, 200, 2_000, 2_000, this.dice.below(200_000)])),
      ),
      takeUntil(givesUp),
    );
  }

  #sends(connection: Connection, size: number): Observable<void> {
    return defer(() => {
      const number = this.#sent.push('under way') - 1;
      return connection.send(numbered(number, size)).pipe(
        tap({
          complete: () => {
            this.#sent[number] = 'taken';
          },
          error: (error) => {
            this.#sent[number] = error instanceof SendError ? error.fate : 'under way';
          },
          unsubscribe: () => {
            this.#sent[number] = 'cancelled';
          },
        }),
        catchError(() => EMPTY),
      );
    });
  }

  #reads(connection: Connection): Observable<unknown> {
    const work = this.dice.pick<() => Observable<unknown>>([
      () => EMPTY,
      () => timer(this.dice.below(4)),
      () => (this.dice.below(2) === 0 ? EMPTY : this.#sends(connection, this.dice.below(300))),
    ]);
    const concurrency = this.dice.pick([1, 1, 5]);
    const hears = (message: Uint8Array) => {
      this.#heard.push(numberOf(message));
      return work();
    };
    return connection.messages$.pipe(consume(hears, { concurrency }));
  }
}

/** A message that says which one it is, and shows any damage. */
function numbered(number: number, size: number): Uint8Array {
  const message = new Uint8Array(4 + size).fill(number & 0xff, 4);
  new DataView(message.buffer).setUint32(0, number);
  return message;
}

function numberOf(message: Uint8Array): number {
  const number = Buffer.from(message.buffer, message.byteOffset).readUInt32BE();
  expect(message.subarray(4).every((byte) => byte === (number & 0xff))).toBe(true);
  return number;
}
