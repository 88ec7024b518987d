import { marbles, virtualBus } from 'rx-tinyproto/testing';
import {
  asapScheduler,
  from,
  ignoreElements,
  map,
  merge,
  NEVER,
  type Observable,
  of,
  Subject,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Channel, Word } from '../../src/cluster/channel.js';
import { channelBus } from '../../src/cluster/channel-bus.js';
import { hub } from '../../src/cluster/hub.js';
import { busContract } from '../contracts/bus.js';

busContract('in memory', () => {
  const bus = virtualBus();
  const ends: ReturnType<typeof bus.end>[] = [];
  const each = (work: (end: (typeof ends)[number]) => void) => () => ends.forEach(work);
  return {
    end: () => {
      const end = bus.end();
      ends.push(end);
      return end;
    },
    lose: each((end) => end.cut()),
    mend: each((end) => end.repair()),
  };
});

busContract('over the channels of a cluster', (test) => {
  const channels$ = new Subject<Channel>();
  const passOn = () => hub(merge(from(all), channels$)).subscribe();
  const all: Channel[] = [];
  let passing = passOn();
  test.onTestFinished(() => passing.unsubscribe());
  return {
    end() {
      const [ours, theirs] = channelPair();
      all.push(theirs);
      channels$.next(theirs);
      return channelBus(ours);
    },
    lose: () => passing.unsubscribe(),
    mend() {
      passing = passOn();
    },
  };
});

/** What IPC is: each word arrives later, in order, as JSON. */
function channelPair(): [Channel, Channel] {
  const [toOurs, toTheirs] = [new Subject<Word>(), new Subject<Word>()];
  const end = (words$: Observable<Word>, to: Subject<Word>): Channel => ({
    words$,
    send(word, done) {
      const json = JSON.stringify(word);
      asapScheduler.schedule(() => {
        to.next(JSON.parse(json));
        done();
      });
    },
    closed$: NEVER,
  });
  return [end(toOurs, toTheirs), end(toTheirs, toOurs)];
}

describe('the end of a bus in a worker', () => {
  it(
    'is up once, whoever begins',
    marbles(({ run, expectObservable }) => {
      const [ours, theirs] = channelPair();
      run(hub(of(theirs)).pipe(takeUntil(timer(10))));
      const states$ = channelBus(ours).state$.pipe(map(({ state }) => state));
      expectObservable(states$, '9ms !').toBe('(cu)', { c: 'connecting', u: 'up' });
    }),
  );

  it(
    'is away when it is opened behind the end of its primary',
    marbles(({ expectObservable }) => {
      const channel: Channel = { words$: NEVER, send: (_, done) => done(), closed$: of(undefined) };
      const states$ = channelBus(channel).state$.pipe(map(({ state }) => state));
      expectObservable(states$, '--!').toBe('a', { a: 'away' });
    }),
  );
});

describe('the hub of a cluster', () => {
  it(
    'drops for a worker that takes nothing what is above its bound, and for no other',
    marbles(({ run, flush }) => {
      const stuck = new Subject<Word>();
      const [ours, theirs] = channelPair();
      const [reader, itsEnd] = channelPair();
      let pending = 0;
      const stalled: Channel = {
        words$: stuck,
        send: (word) => {
          if (word.say === 'letter') pending += word.bytes.length;
        },
        closed$: NEVER,
      };
      run(hub(from([theirs, itsEnd, stalled]), { maxPendingBytes: 10_000 }).pipe(takeUntil(timer(100))));
      const [writer, other] = [channelBus(ours), channelBus(reader)];
      const heard: number[] = [];
      run(
        other.receive('s').pipe(
          takeUntil(timer(90)),
          tap(({ number }) => heard.push(number)),
          ignoreElements(),
        ),
      );
      run(writer.state$.pipe(takeUntil(timer(90))));
      timer(5).subscribe(() => stuck.next({ say: 'hello', subjects: ['s'] }));
      for (let number = 1; number <= 50; number++) {
        const letter = { from: writer.id, number, bytes: new Uint8Array(999) };
        timer(10 + number).subscribe(() => writer.publish('s', letter).subscribe());
      }
      flush();
      expect(heard).toHaveLength(50);
      expect(pending).toBeGreaterThan(8_000);
      expect(pending).toBeLessThanOrEqual(10_000);
    }),
  );
});
