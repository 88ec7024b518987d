import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, type TestContext } from 'vitest';
import { natsServerHere } from '../helpers/nats-server.js';
import { describePeer } from '../helpers/peers.js';

// The commands of examples/README.md, as a terminal runs them.

const root = fileURLToPath(new URL('../../', import.meta.url));

/** An example at work, which has to end by itself when it is interrupted. */
function example({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, ...words: readonly string[]) {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ['--import', 'tsx', 'examples/run.ts', ...words], { cwd: root, env });
  onTestFinished(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk) => (printed += chunk));
  child.stderr.on('data', (chunk) => (printed += chunk));
  const code = new Promise((resolve) => child.once('exit', resolve));
  return {
    code,
    printed: () => printed,
    interrupt: () => {
      child.kill('SIGINT');
      return code;
    },
  };
}

/** Somebody with netcat. */
function visitor({ onTestFinished }: Pick<TestContext, 'onTestFinished'>, port: number, name: string) {
  const socket = connect(port, '127.0.0.1').on('error', () => {});
  onTestFinished(() => void socket.destroy());
  let heard = '';
  socket.on('data', (chunk) => (heard += chunk));
  const say = (line: string) => void socket.write(`${line}\n`);
  say(name);
  return { say, heard: () => heard.split('\n').slice(0, -1), leave: () => void socket.end() };
}

const times = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;
const soon = { timeout: 20_000 };
/** Far from the ports that the system gives away. */
const somePort = () => 20_000 + Math.floor(Math.random() * 8_000);

async function talk(test: TestContext, ports: readonly [number, number]) {
  const anna = visitor(test, ports[0], 'anna');
  await expect.poll(anna.heard, soon).toEqual(['Your name?']);
  const ben = visitor(test, ports[1], 'ben');
  await expect.poll(anna.heard, soon).toEqual(['Your name?', 'ben has come']);
  anna.say('hello');
  await expect.poll(ben.heard, soon).toEqual(['Your name?', 'anna: hello']);
  ben.say('/who');
  await expect.poll(ben.heard, soon).toEqual(['Your name?', 'anna: hello', 'anna, ben']);
  ben.leave();
  await expect.poll(anna.heard, soon).toEqual(['Your name?', 'ben has come', 'ben has left']);
}

describePeer('nats-server', natsServerHere, () => {
  describe('the example nats-chat', () => {
    it('is one chat in three processes, and ends in order at Ctrl-C', async (test) => {
      const port = somePort();
      const chat = example(test, 'nats-chat', `${port}`);
      await expect.poll(() => times(chat.printed(), /: up$/gm), soon).toBe(3);
      await talk(test, [port, port + 2]);
      expect(await chat.interrupt()).toBe(0);
      const later = connect(port, '127.0.0.1');
      expect(await new Promise((resolve) => later.on('error', ({ message }) => resolve(message)))).toContain(
        'REFUSED',
      );
    }, 60_000);
  });
});

describe('the example cluster', () => {
  it('is one chat in two workers, forgets one that is killed, and ends in order at Ctrl-C', async (test) => {
    const port = somePort();
    const chat = example(test, 'cluster', `${port}`, '2');
    await expect.poll(() => times(chat.printed(), /: up$/gm), soon).toBe(2);
    await expect.poll(() => times(chat.printed(), /Listening/g), soon).toBe(2);
    await talk(test, [port, port]);

    const [carl, dora] = [visitor(test, port, 'carl'), visitor(test, port, 'dora')];
    await expect.poll(() => [carl, dora].every((each) => each.heard().length > 0), soon).toBe(true);
    const [pid] = /\d+(?=\): Listening)/.exec(chat.printed()) ?? [];
    process.kill(Number(pid), 'SIGKILL');
    const who = async () => {
      for (const each of [carl, dora]) each.say('/who');
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [carl, dora]
        .map((each) => each.heard().at(-1))
        .filter((line) => /^(anna|carl|dora)(, (anna|carl|dora))*$/.test(line ?? ''));
    };
    // Those of the worker that lives see themselves alone, four seconds later at most.
    await expect
      .poll(async () => (await who()).some((line) => !line?.includes('carl') || !line.includes('dora')), {
        timeout: 10_000,
      })
      .toBe(true);
    expect(await chat.interrupt()).toBe(0);
  }, 60_000);

  it('ends at Ctrl-C before its workers listen, too', async (test) => {
    const chat = example(test, 'cluster', `${somePort()}`, '3');
    await expect.poll(() => times(chat.printed(), /connecting/g), soon).toBeGreaterThan(0);
    expect(await chat.interrupt()).toBe(0);
  }, 60_000);

  it('fails where its port is taken, or cannot be', async (test) => {
    const other = createServer().listen(0, '127.0.0.1');
    test.onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const chat = example(test, 'cluster', `${port}`, '2');
    expect(await chat.code).toBe(1);
    expect(times(chat.printed(), /address-in-use/g)).toBe(2);
    const nowhere = example(test, 'cluster', '70000', '1');
    expect(await nowhere.code).toBe(1);
    expect(nowhere.printed()).toContain('usage: cluster');
  }, 60_000);
});

it('a name that no example has is answered with those that there are', async (test) => {
  const none = example(test, 'nosuch');
  expect(await none.code).toBe(1);
  expect(none.printed()).toMatch(/^usage: .*\n\nThe names are .*cluster.*nestjs\.\n$/);
}, 60_000);
