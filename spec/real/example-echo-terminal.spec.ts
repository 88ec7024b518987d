import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, type Running, root, run } from '../helpers/programs.js';

// The commands of the README, as a terminal runs them: real processes, real pipes, a real socket on a free port.

const folder = mkdtempSync(join(tmpdir(), 'rx-tinyproto-echo-'));
const bundle = join(folder, 'echo.mjs');

beforeAll(async () => {
  const main = join(root, 'examples/echo/main.ts');
  await build({ entryPoints: [main], bundle: true, platform: 'node', format: 'esm', outfile: bundle });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const npm = (...words: readonly string[]) => run('npm', ...words);

/** What these run, made one file beforehand: npm and the compiler take ten times as long to start. */
const echo = (...words: readonly string[]) => run(process.execPath, bundle, ...words);

function saying(running: Running, text: string): Promise<Ended> {
  running.say(text);
  running.end();
  return running.ended;
}

async function portOf(server: Running): Promise<string> {
  const [, port = ''] = await server.printed(/^Listening on 127\.0\.0\.1:(\d+)\n/);
  return port;
}

const answersTo = (...lines: readonly string[]) =>
  lines.map((line) => `Response from server: Echo back: ${line}\n`).join('');

describe('npm start', { timeout: 30_000 }, () => {
  it('answers each piped line and ends by itself', async () => {
    expect(await saying(npm('start', '--', '0'), 'hello\nagain\n')).toEqual({
      code: 0,
      stdout: answersTo('hello', 'again'),
      stderr: '',
    });
  });

  it('takes empty lines, a last line without newline, CRLF, and text of every script', async () => {
    expect(await saying(echo('0'), '\n\r\nGrüße, 你好, 🎉\r\nlast')).toEqual({
      code: 0,
      stdout: answersTo('', '', 'Grüße, 你好, 🎉', 'last'),
      stderr: '',
    });
  });

  it('ends at once when nothing is piped in', async () => {
    expect(await saying(echo('0'), '')).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('answers 1,000 lines, in order', async () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `line ${index}`);
    const { code, stdout, stderr } = await saying(echo('0'), `${lines.join('\n')}\n`);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(answersTo(...lines));
  });

  it('answers a line of a megabyte', async () => {
    const line = 'ä'.repeat(512 * 1_024);
    const { code, stdout, stderr } = await saying(echo('0'), line);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout === answersTo(line)).toBe(true);
  });

  it.each(['QUIT', 'SRVQUIT'])('ends at %s, whatever stands behind it', async (farewell) => {
    expect(await saying(echo('0'), `hello\n${farewell}\nmore\n`)).toEqual({
      code: 0,
      stdout: answersTo('hello'),
      stderr: '',
    });
  });

  it('ends in order when it is interrupted', async () => {
    const running = echo('0');
    running.say('hello\n');
    await running.printed(/Echo back: hello\n/);
    running.signal('SIGINT');
    expect(await running.ended).toEqual({ code: 0, stdout: answersTo('hello'), stderr: '' });
  });
});

describe('npm run example -- echo', { timeout: 30_000 }, () => {
  it('serves several clients: QUIT ends one of them, SRVQUIT the server and all of them', async () => {
    const server = npm('run', 'example', '--', 'echo', 'server', '127.0.0.1:0');
    const port = await portOf(server);
    const quitting = echo('client', `127.0.0.1:${port}`);
    const idle = echo('client', port);
    const stopping = echo('client', port);

    quitting.say('one\nQUIT\n');
    expect(await quitting.ended).toEqual({ code: 0, stdout: answersTo('one'), stderr: '' });
    idle.say('two\n');
    await idle.printed(/Echo back: two\n/);
    stopping.say('three\n');
    await stopping.printed(/Echo back: three\n/);
    stopping.say('SRVQUIT\n');

    expect(await stopping.ended).toEqual({ code: 0, stdout: answersTo('three'), stderr: '' });
    expect(await idle.ended).toEqual({
      code: 0,
      stdout: `${answersTo('two')}The server has ended the conversation.\n`,
      stderr: '',
    });
    const { code, stdout, stderr } = await server.ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/^127\.0\.0\.1:\d+ is here$/gm)).toHaveLength(3);
    expect(stdout.match(/^127\.0\.0\.1:\d+ has left$/gm)).toHaveLength(3);
  });

  it('says in one line that the port is in use, or that nobody listens there, and fails', async () => {
    const server = echo('server', '0');
    const port = await portOf(server);
    expect(await saying(echo(port), 'hello\n')).toEqual({
      code: 1,
      stdout: '',
      stderr: `Listening on 127.0.0.1:${port} failed: the address is in use (address-in-use)\n`,
    });

    server.signal('SIGTERM');
    expect(await server.ended).toMatchObject({ code: 0, stderr: '' });
    expect(await saying(echo('client', port), 'hello\n')).toEqual({
      code: 1,
      stdout: '',
      stderr: `Dialling 127.0.0.1:${port} failed: nobody listens there (connection-refused)\n`,
    });
  });

  it('shows how it is used when it is called otherwise, and fails', async () => {
    const wrong = [['sing', 'loudly'], ['server', '9123', 'please'], ['--please']];
    for (const { code, stdout, stderr } of await Promise.all(wrong.map((words) => echo(...words).ended))) {
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^usage: echo \[server \| client\] \[address\]\n/);
    }
  });
});
