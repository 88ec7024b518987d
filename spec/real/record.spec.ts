import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Connection, connect, consume, converse, lines, listen, serve, tcp, text } from 'rx-tinyproto';
import { writeSpec } from 'rx-tinyproto/node';
import { record } from 'rx-tinyproto/testing';
import {
  concatMap,
  firstValueFrom,
  from,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  Subject,
  take,
  toArray,
} from 'rxjs';
import { afterAll, describe, expect, it } from 'vitest';

const options = { framing: lines(), codec: text() };
const server = (connections$: Observable<Connection<string>>) =>
  connections$.pipe(
    serve((conn) => conn.messages$.pipe(consume((line) => conn.send([...line].reverse().join(''))))),
  );

/** Talks to a live server over TCP, and gives back what was recorded of it. */
async function recordLive(): Promise<ReturnType<typeof record>> {
  const tape = record();
  const ports = new Subject<number>();
  const port = firstValueFrom(ports);
  const serving = server(
    listen(0, {
      ...options,
      transport: tape.transport(tcp()),
      openObserver: { next: ([at]) => ports.next(at && 'port' in at ? at.port : 0) },
    }),
  ).subscribe();
  const words = ['drawer', 'stressed', 'a third'];
  const talk$ = connect(await port, options).pipe(
    converse((conn) =>
      merge(
        conn.messages$.pipe(take(words.length)),
        from(words).pipe(
          concatMap((word) => conn.send(word)),
          ignoreElements(),
        ),
      ),
    ),
    toArray(),
  );
  expect(await lastValueFrom(talk$)).toEqual(['reward', 'desserts', 'driht a']);
  serving.unsubscribe();
  return tape;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const folder = mkdtempSync(join(cache, 'recorded-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A module with that server, for a spec beside it. */
const module = (answer: string) => `
  import { consume, lines, serve, text } from 'rx-tinyproto';
  export const options = { framing: lines(), codec: text() };
  export const server = (connections$) =>
    connections$.pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(${answer})))));
`;

const config = `
  import { doors } from '../../vitest.shared.js';
  export default { resolve: { alias: doors }, test: { root: ${JSON.stringify(folder)} } };
`;

/** Runs the specs below the folder with Vitest, in a process of its own: which passed, and which failed. */
async function runSpecs(): Promise<Record<string, string>> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const words = ['run', '--config', join(folder, 'vitest.config.ts'), '--reporter', 'json'];
  const { stdout } = await promisify(execFile)(process.execPath, [vitest, ...words], {
    cwd: folder,
  }).catch((error: { readonly stdout: string }) => error);
  const { testResults } = JSON.parse(stdout.slice(stdout.indexOf('{'))) as {
    readonly testResults: readonly { readonly name: string; readonly status: string }[];
  };
  return Object.fromEntries(testResults.map(({ name, status }) => [basename(dirname(name)), status]));
}

describe('a recorded live server', () => {
  it('becomes a spec file that passes, and fails when the server changes', { timeout: 60_000 }, async () => {
    const tape = await recordLive();
    writeFileSync(join(folder, 'vitest.config.ts'), config);
    for (const [name, answer] of [
      ['same', "[...line].reverse().join('')"],
      ['changed', 'line'],
    ] as const) {
      const imports = "import { options, server } from './server.js';";
      const spec = { imports, server: "server(listen('server:1', options))" };
      writeSpec(join(folder, name, 'server.spec.ts'), tape, spec);
      writeFileSync(join(folder, name, 'server.ts'), module(answer));
    }
    expect(await runSpecs()).toEqual({ same: 'passed', changed: 'failed' });
  });
});
