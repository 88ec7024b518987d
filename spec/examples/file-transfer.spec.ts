import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tinyproto } from 'rx-tinyproto';
import { filesOptions } from 'rx-tinyproto/files';
import { virtualNetwork } from 'rx-tinyproto/testing';
import { firstValueFrom, lastValueFrom, ReplaySubject, Subject, takeUntil, tap, toArray } from 'rxjs';
import { expect, it, type TestContext } from 'vitest';
import { inbox, sender } from '../../examples/file-transfer/flow.js';
import { connectOver } from '../../src/client/connect.js';
import { streamedBodies } from '../../src/connection/streamed-bodies.js';
import { together } from '../../src/outbox/open-outbox.js';
import { listenOver } from '../../src/server/listen.js';
import { folders } from '../helpers/files.js';

// On a network in memory, but in real time: folders have no other.

const bytes = randomBytes(3_000_000);

/** An inbox that is bound, and a sender of a file to it. */
async function furnished(test: TestContext) {
  const { root, here } = folders(test);
  const net = virtualNetwork();
  const defaults = { transport: net, framing: tinyproto(), bodies: streamedBodies, outbox: together };
  const stop$ = new Subject<void>();
  const bound$ = new ReplaySubject<unknown>(1);
  const told$ = new ReplaySubject<string>();
  listenOver(defaults)('inbox:1', { ...filesOptions, openObserver: bound$ })
    .pipe(takeUntil(stop$), inbox(root))
    .subscribe(told$);
  await firstValueFrom(bound$);
  writeFileSync(join(here, 'a'), bytes);
  const lost: string[] = [];
  const send = (file: string) =>
    connectOver(defaults)('inbox:1', filesOptions).pipe(
      sender({
        from: join(here, file),
        to: file,
        onLost: ({ message }) => lost.push(message),
        delayMs: () => 20,
      }),
    );
  test.onTestFinished(() => stop$.next());
  const told = () => {
    stop$.next();
    return lastValueFrom(told$.pipe(toArray()));
  };
  return { net, root, send, told, lost };
}

it('the file transfer example tells every tenth of a file, and its hash', async (test) => {
  const { root, send, told } = await furnished(test);
  const lines = await lastValueFrom(send('a').pipe(toArray()));
  expect(lines.slice(0, -1)).toEqual(Array.from({ length: 11 }, (_, tenth) => `a: ${tenth * 10} %`));
  expect(lines.at(-1)).toMatch(/^a: sha256 [0-9a-f]{64}$/);
  expect(readFileSync(join(root, 'a')).equals(bytes)).toBe(true);
  expect(await told()).toEqual([expect.stringMatching(/ uploaded a, 3000000 bytes$/)]);
});

it('the file transfer example goes on where it was when the road breaks', async (test) => {
  const { net, root, send, told, lost } = await furnished(test);
  let cuts = 0;
  const cutInTheMiddle = tap((line: string) => {
    if (line !== 'a: 50 %' || cuts > 0) return;
    cuts++;
    net.inside.reset({});
  });
  const lines = await lastValueFrom(send('a').pipe(cutInTheMiddle, toArray()));
  expect(cuts).toBe(1);
  expect(lost).toEqual([expect.stringContaining('reset')]);
  expect(lines.at(-1)).toMatch(/sha256/);
  expect(readFileSync(join(root, 'a')).equals(bytes)).toBe(true);
  expect(readdirSync(root)).toEqual(['a']);
  expect(await told()).toEqual([
    expect.stringMatching(/ failed a: /),
    expect.stringMatching(/ uploaded a, 3000000 bytes, from \d+ on$/),
  ]);
});

it('the file transfer example gives up on what another attempt would not cure', async (test) => {
  const { send } = await furnished(test);
  await expect(lastValueFrom(send('none'))).rejects.toThrow('ENOENT');
});
