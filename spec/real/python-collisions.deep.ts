import { type Connection, connect, type Framing, SendError, tinyproto } from 'rx-tinyproto';
import { firstValueFrom, NEVER, ReplaySubject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { pass, until } from '../contracts/wires.js';
import { gate, type Pair } from '../helpers/gate.js';
import { type Cleanup, serving } from '../helpers/loopback.js';
import { describePeer, fetched, peerFolder } from '../helpers/peers.js';
import { type Digest, digest, type PythonPeer, patterned, python } from '../helpers/python.js';

/**
 * A message of theirs and one of ours cross at every byte. Each side's bytes wait in a gate: of theirs, `theirs` have come when our send begins; of ours, `ours` are
 * let through before the rest of either side is, and `first` says whose.
 */
interface Crossing {
  readonly theirs: number;
  readonly ours: number;
  readonly first: 'theirs' | 'ours';
}

const their = 'abc';
const headerBytes = 4;
const everything = 1 << 20;

/** A header has 4 bytes, its payload 3; at the end everything of theirs is here before we begin. */
const crossings: readonly Crossing[] = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((theirs) =>
  [0, 1, 3, 4, everything].flatMap((ours) =>
    (['theirs', 'ours'] as const).map((first) => ({ theirs, ours, first })),
  ),
);

/** A dead thread of theirs leaves its socket open. */
const closeTimeoutMs = 300;

const soon = { headerTimeoutMs: 400, payloadTimeoutMs: 400 };
/** Each mode, and how many bytes of their header must be here for us to know better than to collide. */
const modes: Readonly<Record<string, readonly [framing: Framing, knownFrom: number]>> = {
  // An OK may take for ever here: what finds the collision is that their payload does not come.
  'full duplex': [tinyproto({ ...soon, mutualHoldTimeoutMs: 800 }), headerBytes],
  'half duplex': [tinyproto({ ...soon, duplex: 'half', quietMs: 20, okTimeoutMs: 800 }), 1],
};

/** Everything that came of a crossing. */
interface Outcome {
  readonly ours: Uint8Array;
  readonly fate: string;
  readonly delivered: readonly Uint8Array[];
  readonly end: string;
}

describe.each(['2.0.1', '3.0'])('A message of ours crosses with one of tinyproto %s', (version) => {
  const peer = `tinyproto-${version}`;
  describePeer(peer, fetched(peer), () => {
    for (const [mode, [framing, knownFrom]] of Object.entries(modes)) {
      it(`at every byte, in ${mode}, with its server`, async (test) => {
        const theirs = python(
          test,
          'original.py',
          { role: 'server', do: 'speak', messages: [their] },
          peerFolder(peer),
        );
        const { port } = await theirs.next('listening');
        const way = await gate(test, port as number);
        const outcomes: Outcome[] = [];
        for (const some of inGroups(crossings)) {
          const running = some.map(async (crossing, at) => {
            const { conn, pair } = await calling(test, way, framing);
            return meet(
              conn,
              { into: pair.back, out: pair.there },
              crossing,
              outcomes.length + at,
              knownFrom,
            );
          });
          outcomes.push(...(await Promise.all(running)));
        }
        await judge(theirs, outcomes, knownFrom);
      });

      it(`at every byte, in ${mode}, with its client`, async (test) => {
        const outcomes: Outcome[] = [];
        const ours = await serving(test, () => NEVER, { framing, closeTimeoutMs });
        const way = await gate(test, ours.port);
        const script = {
          role: 'client',
          do: 'speak',
          messages: [their],
          linger: true,
          port: way.port,
        } as const;
        const theirs = python(
          test,
          'original.py',
          { ...script, connections: crossings.length },
          peerFolder(peer),
        );
        const running = crossings.map(async (crossing, at) => {
          const pair = await way.next();
          pair.there.pass(1);
          pair.back.pass(1);
          const conn = await ours.from(pair.port);
          return meet(conn, { into: pair.there, out: pair.back }, crossing, at, knownFrom);
        });
        outcomes.push(...(await Promise.all(running)));
        await judge(theirs, outcomes, knownFrom);
      });
    }
  });
});

/** So many at a time. */
function* inGroups<T>(all: readonly T[], size = 16): Generator<readonly T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}

/** Calls through the gate, one at a time so that it is known which pair is whose; open when resolved. */
let line: Promise<unknown> = Promise.resolve();
function calling(test: Cleanup, way: Awaited<ReturnType<typeof gate>>, framing: Framing) {
  const call = async (): Promise<{ conn: Connection; pair: Pair }> => {
    const opened = new ReplaySubject<Connection>(1);
    const subscription = connect(way.port, { framing, closeTimeoutMs }).subscribe({
      next: (conn) => opened.next(conn),
      error() {},
    });
    test.onTestFinished(() => subscription.unsubscribe());
    const pair = await way.next();
    pair.there.pass(1);
    pair.back.pass(1);
    return { conn: await firstValueFrom(opened), pair };
  };
  const mine = line.then(call, call);
  line = mine;
  return mine;
}

/** Lets the two messages cross, and waits until both are through or the connection is over. */
async function meet(
  conn: Connection,
  { into, out }: { readonly into: Pair['there']; readonly out: Pair['there'] },
  crossing: Crossing,
  index: number,
  knownFrom: number,
): Promise<Outcome> {
  const ours = patterned(`ours ${index}`);
  const delivered: Uint8Array[] = [];
  let fate = '';
  let end = '';
  conn.messages$.subscribe({ next: (message) => delivered.push(message), error() {} });
  conn.closed$.subscribe(({ by, error }) => {
    end = `${by} ${(error as { code?: string } | undefined)?.code ?? ''}`;
  });

  const heard = (bytes: number) =>
    until(() => conn.traffic.bytesIn >= 1 + bytes || end !== '', `${bytes} bytes of theirs are here`);
  await until(() => into.came >= 1 + headerBytes || end !== '', 'their header is on its way');
  into.pass(crossing.theirs);
  await heard(Math.min(crossing.theirs, headerBytes));
  if (crossing.theirs > headerBytes) {
    out.pass(1);
    await heard(crossing.theirs);
  }
  conn.send(ours).subscribe({
    next: () => (fate = 'taken'),
    error: (error) => (fate = error instanceof SendError ? error.fate : String(error)),
  });
  // In half duplex a header of ours waits for what is open of theirs; whatever is known too late crosses.
  if (crossing.theirs < knownFrom || knownFrom === headerBytes)
    await until(() => out.came >= 1 + headerBytes || end !== '', 'our header');
  else await pass(60);
  out.pass(crossing.ours);
  await pass(15);
  const release = { theirs: () => into.pass(everything), ours: () => out.pass(everything) };
  release[crossing.first]();
  await pass(15);
  release[crossing.first === 'ours' ? 'theirs' : 'ours']();

  // All waits of this framing are below a second; a busy machine gets some more.
  await until(
    () => end !== '' || (fate !== '' && delivered.length > 0),
    `found: ${JSON.stringify(crossing)}, ${fate}`,
    8_000,
  );
  await firstValueFrom(conn.close(), { defaultValue: undefined });
  return { ours, fate, delivered, end };
}

/** Whatever crossed where: nobody was told what is not so, and nobody got what was not said. */
async function judge(theirs: PythonPeer, outcomes: readonly Outcome[], knownFrom: number): Promise<void> {
  expect(outcomes).toHaveLength(crossings.length);
  const same = (one: Digest, other: Digest) => one.size === other.size && one.crc === other.crc;
  const taken = outcomes.filter(({ fate }) => fate === 'taken').map(({ ours }) => digest(ours));
  await until(
    () => taken.every((each) => theirs.heard.some((heard) => same(heard, each))),
    'what was taken is heard',
    5_000,
  );
  const sent = outcomes.map(({ ours }) => digest(ours));
  for (const heard of theirs.heard) expect(sent, 'a phantom, heard by Python').toContainEqual(heard);
  for (const [at, { delivered, fate, end }] of outcomes.entries()) {
    const what = JSON.stringify({ ...crossings[at], fate, end });
    expect(delivered.map(digest), `a phantom, delivered here: ${what}`).toEqual(
      delivered.map(() => digest(patterned(their))),
    );
    expect(delivered.length, what).toBeLessThanOrEqual(1);
    expect(fate, `a send without an end: ${what}`).toMatch(/^(taken|not-sent|unknown)$/);
    if (fate !== 'taken' || delivered.length === 0) expect(end, `not found: ${what}`).toMatch(/^error /);
  }
  // Those who cross are lost, and nobody else is.
  const through = outcomes.map(({ fate, delivered }) => fate === 'taken' && delivered.length === 1);
  expect(through).toEqual(crossings.map(({ theirs }) => theirs >= knownFrom));
}
