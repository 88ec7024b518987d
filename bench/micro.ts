/** State machines and operators alone, without sockets: nanoseconds for each message. */
import {
  consume,
  decode,
  encode,
  type Frame,
  type Framing,
  type FramingMachine,
  hold,
  lengthPrefixed,
  lines,
  paced,
  tinyproto,
  varintPrefixed,
} from 'rx-tinyproto';
import { concatMap, filter, from, map, mergeMap, type Observable, of, Subject, tap } from 'rxjs';
import { Bench } from 'tinybench';
import { sample } from './peer.js';

/** In each run. */
const count = 1_000;
const message = sample(64).map((byte) => byte | 0x20);
const messages = Array.from({ length: count }, () => message);

const framings: Readonly<Record<string, Framing>> = {
  lengthPrefixed: lengthPrefixed(),
  varintPrefixed: varintPrefixed(),
  lines: lines(),
  'tinyproto, pipelined': tinyproto({ window: 64, inboxSlots: 64 }),
};

const bench = new Bench({ time: Number(process.argv[2] ?? 400), warmupTime: 100 });

for (const [name, framing] of Object.entries(framings)) {
  bench.add(`machine: ${name}, there and read`, () => converse(framing));
}

const bytes = Buffer.concat(messages.flatMap((each) => [Buffer.of(0, 0, 0, each.length), each]));
bench.add('operator: decode(lengthPrefixed())', () => drain(of(bytes).pipe(decode(lengthPrefixed()))));
bench.add('operator: encode(lengthPrefixed())', () => drain(from(messages).pipe(encode(lengthPrefixed()))));

const operators: Readonly<Record<string, (source: Observable<Uint8Array>) => Observable<unknown>>> = {
  'RxJS: next of a Subject, one subscriber': (source) => source,
  'RxJS: map': (source) => source.pipe(map((each) => each)),
  'RxJS: map, filter, tap': (source) =>
    source.pipe(
      map((each) => each),
      filter(() => true),
      tap(() => {}),
    ),
  'RxJS: mergeMap of an Observable': (source) => source.pipe(mergeMap((each) => of(each))),
  'RxJS: concatMap of an Observable': (source) => source.pipe(concatMap((each) => of(each))),
  'consume of an Observable': (source) => source.pipe(consume((each) => of(each))),
  'paced, and hold': (source) =>
    source.pipe(
      paced(),
      tap(() => hold().release()),
    ),
};
for (const [name, operator] of Object.entries(operators)) {
  bench.add(name, () => {
    const source = new Subject<Uint8Array>();
    drain(operator(source));
    for (const each of messages) source.next(each);
    source.complete();
  });
}
bench.add('RxJS: an Observable made and subscribed to', () => {
  for (const each of messages) drain(of(each));
});

const results = (await bench.run()).map(({ name, result: { latency, error } }) => {
  if (error || !latency) throw error ?? new Error(`${name} has no result`);
  return { name, nanoseconds: Math.round((1e6 * latency.p50) / count) };
});
console.log(JSON.stringify(results));

function drain(source: Observable<unknown>): void {
  source.subscribe();
}

/** Two machines, back to back: one sends, the other reads. */
function converse(framing: Framing): void {
  const [there, back]: [Uint8Array[], Uint8Array[]] = [[], []];
  let heard = 0;
  const sender = open(framing, there);
  const receiver = open(framing, back);
  const move = () => {
    for (const chunk of there.splice(0)) receiver.push(chunk);
    for (; receiver.read(); heard++) receiver.consumed?.();
    for (const chunk of back.splice(0)) sender.push(chunk);
  };
  const send = (frame: Frame) => {
    if (sender.talk) sender.talk.begin(frame);
    else there.push(frame.head, frame.body, frame.tail);
  };
  move();
  for (let sent = 0; sent < count; sent++) {
    if (sender.talk?.canBegin(false) === false) move();
    send(framing.encode(message));
  }
  while (there.length > 0) move();
  if (heard !== count) throw new Error(`${heard} messages of ${count} were heard`);
}

function open(framing: Framing, wire: Uint8Array[]): FramingMachine {
  const machine = framing.open({
    settings: { messageTimeoutMs: Number.POSITIVE_INFINITY },
    traffic: { bytesIn: 0, messagesIn: 0 },
    held: 0,
    out: { write: (chunk) => wire.push(chunk), outcome() {} },
    ready() {},
    fail(error) {
      throw error;
    },
    await() {},
    turn() {},
  });
  machine.talk?.start();
  return machine;
}
