import { type ServerEvent, tinyproto } from 'rx-tinyproto';
import { bandwidth, partition, type VirtualNetwork } from 'rx-tinyproto/testing';
import { concat, defer, ignoreElements, merge, of, timer } from 'rxjs';
import { echoes, reads, sends, takes } from '../apps.js';
import { codeOf } from '../book.js';
import { again, asks, atOnce, check, expect, inTurn, peerDoes, withServer } from '../plays.js';
import { chapter, fact, type Play } from '../suite.js';
import { everyTongue, half, oneWays, strict, tinyprotos } from '../tongues.js';
import {
  body,
  deafens,
  drips,
  fin,
  first,
  header,
  hears,
  hearsWhatever,
  message,
  ok,
  opening,
  rest,
  type Step,
  says,
  stalls,
  waits,
} from '../words.js';

const large = 20 << 20;

/** Our loop stands still for so long inside their header, while the rest of the message comes. */
const stalledInHeader = (ms: number): readonly Step[] => [
  says(opening),
  hears(opening),
  says(first(2, header('abc'))),
  waits(10),
  says(rest(2, message('abc'))),
  stalls(ms),
  hears(ok),
  fin,
];

/** Of so many, some never open, some begin a header, some a payload; each of the latter two goes on with a byte now and then. */
const slowPeers = (count: number, heavy: true | 'very'): Play => ({
  name: `${count} of them`,
  heavy,
  plays: (stage) => {
    const limits = {
      openingTimeoutMs: 700,
      headerTimeoutMs: 500,
      payloadTimeoutMs: 500,
      payloadFloorBytesPerSecond: 1e6,
    };
    const slow = [
      [],
      [says(opening), ...drips(200, 3, header('abc'))],
      [says(opening, header('x'.repeat(20))), ...drips(200, 10, body('x'.repeat(20)))],
    ];
    const ended = (event: ServerEvent) => event.type === 'failed' && codes.push(codeOf(event.error));
    const codes: string[] = [];
    return withServer(
      stage,
      { app: echoes, framing: tinyproto(limits), eventObserver: { next: ended } },
      ({ at }) =>
        inTurn(
          merge(
            atOnce(count, (index) =>
              peerDoes(stage, at, [...(slow[index % 3] ?? []), hearsWhatever, waits(1_500)]),
            ),
            again(20, () => inTurn(timer(20), peerDoes(stage, at, asks))),
          ),
          check(() => {
            const all = [...codes, ...stage.book.endings.map((reason) => reason.replace(/^error /, ''))];
            for (const code of ['opening-timeout', 'header-timeout', 'payload-timeout']) {
              const own = all.filter((each) => each === code).length;
              expect(`${own} of ${count} end by ${code}`, own >= Math.floor(count / 3));
            }
            expect('twenty are served', all.filter((each) => each === 'peer').length === 20);
          }),
        ),
    );
  },
});

export const slowChapter = chapter(6, 'Slow peers', [
  fact('A header that drips is cut by its deadline, though never idle', {
    peer: [says(opening), hears(opening), ...drips(40, 3, header('abc')), waits(100)],
    limits: { headerTimeoutMs: 60 },
    ends: 'error header-timeout',
    tongues: tinyprotos,
    lastsMs: [60, 3_000],
  }),
  fact('A payload that drips below its rate is cut by its deadline, though never idle', {
    peer: [
      says(opening),
      hears(opening),
      says(header('x'.repeat(100))),
      hears(ok),
      ...drips(20, 20, body('x'.repeat(100))),
    ],
    limits: { payloadTimeoutMs: 100, payloadFloorBytesPerSecond: 1_000_000 },
    ends: 'error payload-timeout',
    tongues: tinyprotos,
    lastsMs: [100, 3_000],
  }),
  fact('A payload that comes slowly, and above its rate, is taken', {
    peer: [
      says(opening),
      hears(opening),
      says(header('x'.repeat(20))),
      hears(ok),
      ...drips(5, 20, body('x'.repeat(20))),
      fin,
    ],
    limits: { payloadTimeoutMs: 3_000, payloadFloorBytesPerSecond: 50 },
    ends: 'peer',
    tongues: tinyprotos,
  }),
  fact('An answer that does not come is cut by its deadline, where one is set', {
    peer: [says(opening), hears(opening, header('a')), waits(200)],
    ours: sends('a'),
    limits: { okTimeoutMs: 50 },
    sends: ['not-sent connection-closed'],
    ends: ['error ok-timeout', 'us ok-timeout'],
    tongues: [strict, half],
    lastsMs: [50, 3_000],
  }),
  fact('A peer that takes nothing of what we write is cut by the write deadline', {
    peer: [says(opening), hears(opening, header(large)), hearsWhatever, deafens, says(ok)],
    ours: sends(large),
    limits: { maxMessageBytes: large },
    options: { writeTimeoutMs: 150, maxQueuedBytes: 2 * large },
    sends: ['unknown connection-closed'],
    ends: ['error write-timeout', 'us write-timeout'],
    tongues: everyTongue.filter(({ name }) => name !== 'lines'),
    cuts: ['whole'],
    heavy: true,
  }),
  fact('A peer that does not end is cut by the close deadline', {
    peer: [says(opening), hears(opening, header('a')), says(ok), hears(body('a')), deafens, waits(1_000)],
    ours: sends('a'),
    options: { closeTimeoutMs: 60 },
    ends: ['us', 'us close-timeout'],
    tongues: tinyprotos,
  }),
  fact('A slow peer that is not too slow is served like any other', {
    peer: [
      ...drips(10, 1, opening),
      hears(opening),
      ...drips(10, 4, header('abc')),
      hears(ok),
      ...drips(10, 3, body('abc')),
      hears(header('abc')),
      waits(20),
      says(ok),
      hears(body('abc')),
      fin,
    ],
    ours: echoes,
    ends: 'peer',
    tongues: tinyprotos,
  }),
  fact('A stall of our own loop cuts no peer whose bytes lie in the kernel', {
    peer: stalledInHeader(150),
    ours: reads,
    limits: { headerTimeoutMs: 50, payloadTimeoutMs: 50 },
    ends: 'peer',
    roads: ['TCP', 'Unix socket'],
    cuts: ['whole'],
    tongues: tinyprotos,
  }),
  fact('A slow consumer is no slow peer: nobody is cut', {
    peer: [
      says(opening),
      hears(opening),
      says(message('a')),
      hears(ok),
      says(header('b')),
      hears(ok),
      says(body('b')),
      fin,
    ],
    ours: takes(120),
    limits: { headerTimeoutMs: 40, payloadTimeoutMs: 40 },
    ends: 'peer',
    tongues: [half, ...tinyprotos.slice(0, 1)],
    lastsMs: [240, 5_000],
  }),
  fact('A message that drips is cut by its deadline where no header is answered, though never idle', {
    peer: [...drips(20, 20, message('x'.repeat(100)))],
    options: { messageTimeoutMs: 100 },
    ends: 'error payload-timeout',
    tongues: oneWays,
    lastsMs: [100, 3_000],
  }),
  fact('A stall of 2 s of our own loop cuts nobody', {
    peer: stalledInHeader(2_000),
    limits: { headerTimeoutMs: 500, payloadTimeoutMs: 500 },
    ends: 'peer',
    roads: ['TCP'],
    cuts: ['whole'],
    tongues: [strict],
    heavy: 'very',
  }),
  fact(
    'Slow peers are cut, each by its own deadline, and one who is well notices nothing',
    slowPeers(60, true),
    slowPeers(1_000, 'very'),
  ),
  fact('On a link that freezes, what makes no progress is cut by its deadline', {
    roads: ['virtual'],
    plays: (stage) =>
      withServer(
        stage,
        {
          app: sends(large),
          framing: tinyproto({ maxMessageBytes: large }),
          writeTimeoutMs: 100,
          maxQueuedBytes: 2 * large,
        },
        ({ at }) =>
          defer(() => {
            const net = stage.road.transport as VirtualNetwork;
            bandwidth(1 << 20)(net);
            let thaw = () => {};
            const freezing = timer(20).subscribe(() => {
              thaw = partition()(net);
            });
            return inTurn(
              merge(
                peerDoes(stage, at, [
                  says(opening),
                  hears(opening, header(large)),
                  says(ok),
                  hearsWhatever,
                ]).pipe(ignoreElements()),
                concat(
                  timer(200),
                  defer(() => of(thaw())),
                ),
              ),
              stage.book.over(1),
              check(() => {
                freezing.unsubscribe();
                expect(
                  `${stage.book.endings} is no progress`,
                  stage.book.endings[0] === 'error write-timeout' ||
                    stage.book.endings[0] === 'us write-timeout',
                );
              }),
            );
          }),
      ),
  }),
]);
