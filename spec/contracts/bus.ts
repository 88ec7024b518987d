import { SendError } from 'rx-tinyproto';
import {
  concatMap,
  defer,
  filter,
  firstValueFrom,
  from,
  lastValueFrom,
  merge,
  type Observable,
  range,
  Subscription,
  take,
  timeout,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, it, type TestContext } from 'vitest';
import type { Bus, Letter } from '../../src/span/bus.js';

/** A bus to be looked at: its ends, and what may be done to it. */
export interface BusUnderTest {
  /** The end of another process. */
  end(): Bus;
  /** Loses it for all ends, if that can be done here. */
  readonly lose?: () => unknown;
  readonly mend?: () => unknown;
}

type Make = (test: Pick<TestContext, 'onTestFinished'>) => BusUnderTest | Promise<BusUnderTest>;

/** What every bus owes the rooms above it, in real time: the virtual one, NATS, the channel of a cluster. */
export function busContract(name: string, make: Make, { canBeLost = true } = {}): void {
  describe(`the contract of a bus: ${name}`, () => {
    it('is connecting, then up', async (test) => {
      const { end } = await make(test);
      const states = await soon(end().state$.pipe(take(2), toArray()));
      expect(states.map(({ state }) => state)).toEqual(['connecting', 'up']);
    });

    it('brings a letter to all others that receive its subject, once, and not to who wrote it', async (test) => {
      const { ends } = await opened(test, make, 3);
      const heard = ends.map((end) => hearing(test, end));
      const elsewhere = hearing(test, ends[1] as Bus, 'other');
      await allUp(ends);
      await soon(ends[0]?.publish('subject', letter(ends[0], 1, 'hello')));
      await expect.poll(() => heard.map((each) => each.length)).toEqual([0, 1, 1]);
      await settled();
      expect(heard.map((each) => each.map(told))).toEqual([[], ['1 hello'], ['1 hello']]);
      expect(heard[1]?.[0]?.from).toBe(ends[0]?.id);
      expect(elsewhere).toEqual([]);
    });

    it('keeps the order of each writer', async (test) => {
      const { ends } = await opened(test, make, 3);
      const [one, two, three] = ends as [Bus, Bus, Bus];
      const heard = hearing(test, three);
      await allUp(ends);
      const writes = (end: Bus) =>
        merge(
          ...Array.from({ length: 300 }, (_, index) => end.publish('subject', letter(end, index + 1, 'x'))),
        );
      await Promise.all([lastValueFrom(writes(one)), lastValueFrom(writes(two))]);
      await expect.poll(() => heard.length).toBe(600);
      for (const { id } of [one, two])
        expect(heard.filter((each) => each.from === id).map(({ number }) => number)).toEqual(
          Array.from({ length: 300 }, (_, index) => index + 1),
        );
    });

    it('keeps the order of a writer over its subjects', async (test) => {
      const { ends } = await opened(test, make, 2);
      const [one, two] = ends as [Bus, Bus];
      const heard: Letter[] = [];
      for (const subject of ['a', 'b']) hearing(test, two, subject, heard);
      await allUp(ends);
      for (let index = 0; index < 100; index++)
        one.publish(index % 2 === 0 ? 'a' : 'b', letter(one, index, 'x')).subscribe();
      await expect.poll(() => heard.length).toBe(100);
      expect(heard.map(({ number }) => number)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    });

    it('brings any bytes, and none', async (test) => {
      const { ends } = await opened(test, make, 2);
      const [one, two] = ends as [Bus, Bus];
      const heard = hearing(test, two);
      await allUp(ends);
      const bytes = Uint8Array.from({ length: 4_096 }, (_, index) => index);
      await soon(one.publish('subject', { from: one.id, number: 1, bytes }));
      await soon(one.publish('subject', { from: one.id, number: 2, bytes: new Uint8Array(0) }));
      await expect.poll(() => heard.length).toBe(2);
      expect(heard.map((each) => each.bytes)).toEqual([bytes, new Uint8Array(0)]);
    });

    it('says nothing inside the call that caused it', async (test) => {
      const { ends } = await opened(test, make, 2);
      const [one, two] = ends as [Bus, Bus];
      const heard = hearing(test, two);
      await allUp(ends);
      let done = false;
      one.publish('subject', letter(one, 1, 'hello')).subscribe({ complete: () => (done = true) });
      expect({ done, heard: heard.length }).toEqual({ done: false, heard: 0 });
      await expect.poll(() => done).toBe(true);
    });

    it('refuses what is too large for it, and lives', async (test) => {
      const { ends } = await opened(test, make, 2);
      const [one, two] = ends as [Bus, Bus];
      const heard = hearing(test, two);
      await allUp(ends);
      const state = await soon(one.state$.pipe(filter(({ state }) => state === 'up')));
      const most = state.state === 'up' ? state.maxLetterBytes : 0;
      const large = one.publish('subject', { from: one.id, number: 1, bytes: new Uint8Array(most + 1) });
      expect(await ending(large)).toBe('message-too-large not-sent');
      await soon(one.publish('subject', { from: one.id, number: 2, bytes: new Uint8Array(most) }));
      await expect.poll(() => heard.length).toBe(1);
      expect(heard[0]?.bytes.length).toBe(most);
    });

    it('is closed while nobody needs it, and opens again', async (test) => {
      const { end } = await make(test);
      const [one, two] = [end(), end()];
      await soon(one.state$.pipe(filter(({ state }) => state === 'up')));
      expect(await ending(one.publish('subject', letter(one, 1, 'x')))).toBe('bus-away not-sent');
      open(test, [one, two]);
      const heard = hearing(test, two);
      await allUp([one, two]);
      await soon(one.publish('subject', letter(one, 2, 'y')));
      await expect.poll(() => heard.map(told)).toEqual(['2 y']);
    });

    it.runIf(canBeLost)(
      'is away when it is lost, says so to who publishes, and goes on when it is back',
      async (test) => {
        const { ends, lose, mend } = await opened(test, make, 2);
        const [one, two] = ends as [Bus, Bus];
        const heard = hearing(test, two);
        await allUp(ends);
        await lose?.();
        await soon(merge(one.state$).pipe(filter(({ state }) => state === 'away')));
        expect(await ending(one.publish('subject', letter(one, 1, 'x')))).toBe('bus-away not-sent');
        await mend?.();
        await allUp(ends);
        await soon(one.publish('subject', letter(one, 2, 'y')));
        await expect.poll(() => heard.map(told)).toEqual(['2 y']);
      },
    );

    it.runIf(canBeLost)('settles all that is published while it is lost', async (test) => {
      const { ends, lose } = await opened(test, make, 1);
      const [one] = ends as [Bus];
      await allUp(ends);
      const endings: Promise<string>[] = [];
      const writing = range(0, 2_000)
        .pipe(
          concatMap((number) =>
            defer(() => {
              endings.push(ending(one.publish('subject', letter(one, number, 'x'))));
              return timer(0);
            }),
          ),
        )
        .subscribe();
      test.onTestFinished(() => writing.unsubscribe());
      await expect.poll(() => endings.length).toBeGreaterThan(20);
      await lose?.();
      await soon(one.state$.pipe(filter(({ state }) => state === 'away')));
      writing.unsubscribe();
      const how = new Set(await Promise.all(endings));
      expect([...how].filter((each) => !/^(done|bus-away (not-sent|unknown))$/.test(each))).toEqual([]);
      expect(how.has('done')).toBe(true);
    });
  });
}

/** So many ends, open until the test is over. */
async function opened(test: Pick<TestContext, 'onTestFinished'>, make: Make, count: number) {
  const under = await make(test);
  const ends = Array.from({ length: count }, () => under.end());
  open(test, ends);
  return { ...under, ends };
}

function open({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, ends: readonly Bus[]): void {
  const all = new Subscription();
  for (const { state$ } of ends) all.add(state$.subscribe());
  onTestFinished(() => all.unsubscribe());
}

function hearing(
  { onTestFinished }: Pick<TestContext, 'onTestFinished'>,
  end: Bus,
  subject = 'subject',
  heard: Letter[] = [],
): Letter[] {
  const receiving = end.receive(subject).subscribe((each) => heard.push(each));
  onTestFinished(() => receiving.unsubscribe());
  return heard;
}

/** All say that they are up, and subscriptions that were made meanwhile have come to the bus. */
async function allUp(ends: readonly Bus[]): Promise<void> {
  for (const { state$ } of ends) await soon(state$.pipe(filter(({ state }) => state === 'up')));
  await settled();
}

const settled = () => firstValueFrom(timer(60));
const soon = <T>(stream$: Observable<T> | undefined): Promise<T> =>
  firstValueFrom((stream$ ?? from([])).pipe(timeout(10_000)));

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function letter(end: Bus, number: number, text: string): Letter {
  return { from: end.id, number, bytes: encoder.encode(text) };
}

const told = ({ number, bytes }: Letter) => `${number} ${decoder.decode(bytes)}`;

function ending(stream$: Observable<unknown>): Promise<string> {
  return new Promise((ended) => {
    stream$.subscribe({
      error: (error) => ended(error instanceof SendError ? `${error.code} ${error.fate}` : String(error)),
      complete: () => ended('done'),
    });
  });
}
