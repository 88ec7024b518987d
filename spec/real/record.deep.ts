import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

/** A client talks to a live server over TCP: gives back what was recorded of both. */
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
  const talk$ = connect(await port, { ...options, transport: tape.transport(tcp()) }).pipe(
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

/** A module with that server and that client, for the specs beside it. */
const module = (answer: string, firstWord: string) => `
  import { consume, converse, lines, serve, text } from 'rx-tinyproto';
  import { concatMap, from, ignoreElements, merge, take } from 'rxjs';
  export const options = { framing: lines(), codec: text() };
  export const server = (connections$) =>
    connections$.pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(${answer})))));
  const words = ['${firstWord}', 'stressed', 'a third'];
  export const client = (connection$) =>
    connection$.pipe(
      converse((conn) =>
        merge(
          conn.messages$.pipe(take(words.length)),
          from(words).pipe(concatMap((word) => conn.send(word)), ignoreElements()),
        ),
      ),
    );
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
  return Object.fromEntries(
    testResults.map(({ name, status }) => [name.split(/[\\/]/).slice(-2).join('/'), status]),
  );
}

describe('a recorded live conversation', () => {
  it('becomes spec files, of server and client, that pass, and fail when either changes', {
    timeout: 60_000,
  }, async () => {
    const tape = await recordLive();
    writeFileSync(join(folder, 'vitest.config.ts'), config);
    for (const [name, answer, firstWord] of [
      ['same', "[...line].reverse().join('')", 'drawer'],
      ['changed', 'line', 'drawers'],
    ] as const) {
      const imports = "import { client, options, server } from './both.js';";
      writeSpec(join(folder, name, 'server.spec.ts'), tape, {
        imports,
        server: "server(listen('server:1', options))",
      });
      writeSpec(join(folder, name, 'client.spec.ts'), tape, {
        imports,
        client: "client(connect('server:1', options))",
      });
      writeFileSync(join(folder, name, 'both.ts'), module(answer, firstWord));
    }
    expect(await runSpecs()).toEqual({
      'same/server.spec.ts': 'passed',
      'same/client.spec.ts': 'passed',
      'changed/server.spec.ts': 'failed',
      'changed/client.spec.ts': 'failed',
    });
  });
});
