import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { firstValueFrom, fromEvent, map } from 'rxjs';
import { expect, it, type TestContext } from 'vitest';
import { cli } from '../helpers/cli-process.js';
import { folders } from '../helpers/files.js';
import { describePeer, fetched, peerFolder } from '../helpers/peers.js';

// `cp` and `serve-files` against a program that speaks the letters of tpft on the Python original, and dies of any field that it does not know.

const program = fileURLToPath(new URL('python/tpft_peer.py', import.meta.url));

for (const version of ['2.0.1', '3.0']) {
  describePeer(
    `the letters of tpft on the Python original ${version}`,
    fetched(`tinyproto-${version}`),
    () => {
      it.for([0, 9_000_000])('upload and download %i bytes, as clients', async (size, test) => {
        const { root, here } = folders(test);
        const bytes = randomBytes(size);
        writeFileSync(join(here, 'a'), bytes);
        const server = await cli(test, 'serve-files', root, '--allow-upload', '-l', '0');
        const [, port] = await server.told(/Listening on \S+:(\d+)\n/);

        const ask = (what: string, name: string) =>
          python(test, version, {
            role: 'client',
            port: Number(port),
            do: what,
            here: join(here, name),
            there: 'b',
          });
        expect(await ask('upload', 'a').told).toEqual({ done: 'confirmed' });
        expect(readFileSync(join(root, 'b')).equals(bytes)).toBe(true);
        expect(await ask('upload', 'a').told).toEqual({ done: 'it exists already' });
        expect(await ask('download', 'back').told).toEqual({ done: 'download-confirmation' });
        expect(readFileSync(join(here, 'back')).equals(bytes)).toBe(true);
        expect(readdirSync(root)).toEqual(['b']);
      });

      it.for([5, 9_000_000])(
        'are uploaded to and downloaded from, %i bytes, as servers',
        async (size, test) => {
          const { root, here } = folders(test);
          const bytes = randomBytes(size);
          writeFileSync(join(here, 'a'), bytes);
          const { port } = await python(test, version, { role: 'server', root }).told;

          const up = await cli(test, 'cp', join(here, 'a'), `:${port}:b`);
          expect(await up.ended).toEqual({ code: 0, stdout: `a, ${size} bytes\n`, stderr: '' });
          expect(readFileSync(join(root, 'b')).equals(bytes)).toBe(true);
          const again = await cli(test, 'cp', join(here, 'a'), `:${port}:b`);
          const stderr = 'rx-tinyproto: a: Exists\\u001b[2J\\nalready (rejected)\n';
          expect(await again.ended).toEqual({ code: 5, stdout: '', stderr });
          const down = await cli(test, 'cp', `:${port}:b`, join(here, 'back'));
          expect(await down.ended).toEqual({ code: 0, stdout: `b, ${size} bytes\n`, stderr: '' });
          expect(readFileSync(join(here, 'back')).equals(bytes)).toBe(true);
        },
      );
    },
  );
}

/** Runs the program; what it tells first. It does not outlive the test. */
function python({ onTestFinished }: TestContext, version: string, script: object) {
  const env = {
    ...process.env,
    PYTHONPATH: peerFolder(`tinyproto-${version}`),
    PYTHONDONTWRITEBYTECODE: '1',
  };
  const child = spawn('python3', [program, JSON.stringify(script)], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines$ = fromEvent(createInterface(child.stdout), 'line');
  return { told: firstValueFrom(lines$.pipe(map((line) => JSON.parse(String(line))))) };
}
