import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstValueFrom, timer } from 'rxjs';
import { beforeAll, describe, expect, it, onTestFinished, type TestContext } from 'vitest';
import { authority } from '../helpers/certificates.js';
import { bundled, cli, cliOnTerminal, type Program } from '../helpers/cli-process.js';
import { describePeer, onPath } from '../helpers/peers.js';

// What the program does with the rest of the world: certificates, socket files, commands, signals, terminals.

function folder({ onTestFinished }: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'rx-tinyproto-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function listening(test: TestContext, ...words: readonly string[]): Promise<[Program, port: string]> {
  const server = await cli(test, 'listen', '0', ...words);
  const [, port = ''] = await server.told(/Listening on \S+:(\d+)\n/);
  return [server, port];
}

/** Says lines, and nothing more. */
async function saying(test: TestContext, text: string, ...words: readonly string[]) {
  const client = await cli(test, 'connect', ...words);
  client.say(text);
  client.end();
  return client.ended;
}

beforeAll(() => bundled());

describe('rx-tinyproto', () => {
  it('says in one line what went wrong', async (test) => {
    const client = await cli(test, 'connect', '127.0.0.1:1');
    const stderr = 'rx-tinyproto: Dialling 127.0.0.1:1 failed: nobody listens there (connection-refused)\n';
    expect(await client.ended).toEqual({ code: 3, stdout: '', stderr });
  });

  it('knows its version', async (test) => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(await (await cli(test, '--version')).ended).toEqual({
      code: 0,
      stdout: `${version}\n`,
      stderr: '',
    });
  });
});

describe('--tls', () => {
  it('talks with who is trusted, and with nobody else', async (test) => {
    const path = folder(test);
    const at = (name: string) => join(path, name);
    const ours = await authority();
    const [server, client] = [await ours.issue('server'), await ours.issue('client')];
    for (const [name, text] of Object.entries({ ca: ours.cert, cert: server.cert, key: server.key }))
      writeFileSync(at(name), text);
    writeFileSync(at('client-cert'), client.cert);
    writeFileSync(at('client-key'), client.key);

    const certificate = ['--tls-cert', at('cert'), '--tls-key', at('key')];
    const [, port] = await listening(test, '--echo', ...certificate);
    const trusting = await saying(test, 'hello\n', port, '--tls-ca', at('ca'), '--take', '1', '-q');
    expect(trusting).toEqual({ code: 0, stdout: 'hello\n', stderr: '' });
    const doubting = await saying(test, 'hello\n', port, '--tls', '-q');
    expect(doubting).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringMatching(
        /failed: a certificate is not good: [\w ]+certificate.* \(not-trusted\)\n$/,
      ),
    });
    const careless = await saying(test, 'hello\n', port, '--tls-insecure', '--take', '1', '-q');
    expect(careless).toMatchObject({ code: 0, stdout: 'hello\n' });

    const [, strict] = await listening(test, '--echo', ...certificate, '--tls-ca', at('ca'));
    const stranger = await saying(test, 'hello\n', strict, '--tls-ca', at('ca'), '-q');
    expect(stranger).toMatchObject({ stdout: '' });
    expect(stranger.code).not.toBe(0);
    const words = ['--tls-ca', at('ca'), '--tls-cert', at('client-cert'), '--tls-key', at('client-key')];
    expect(await saying(test, 'hello\n', strict, ...words, '--take', '1', '-q')).toMatchObject({
      code: 0,
      stdout: 'hello\n',
    });
  });

  it('says what is missing', async (test) => {
    const wrong = await (await cli(test, 'listen', '0', '--tls')).ended;
    expect(wrong).toMatchObject({
      code: 2,
      stderr: 'rx-tinyproto: to listen with TLS takes --tls-cert and --tls-key\n',
    });
    const file = join(folder(test), 'no.pem');
    writeFileSync(file, 'no certificate');
    const bad = await (await cli(test, 'listen', '0', '--tls-cert', file, '--tls-key', file)).ended;
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/certificates are no good: .*:.*\n$/),
    });
    const none = await (await cli(test, 'connect', '1', '--tls-ca', '/none')).ended;
    expect(none).toMatchObject({ code: 2, stderr: expect.stringMatching(/^rx-tinyproto: ENOENT: .*\n$/) });
  });
});

describe('listen', () => {
  it('takes the paths of Unix sockets, with --unix and with a slash', async (test) => {
    const path = join(folder(test), 'a.sock');
    const server = await cli(test, 'listen', path, '--echo');
    await server.told(/Listening on /);
    expect(await saying(test, 'hi\n', path, '--unix', '--take', '1', '-q')).toMatchObject({
      code: 0,
      stdout: 'hi\n',
    });
  });

  it('--exec runs a command for each connection: messages are lines', async (test) => {
    const [, port] = await listening(test, '--exec', 'tr a-z A-Z', '-f', 'lines');
    const client = await cli(test, 'connect', port, '-f', 'lines', '-q');
    client.say('one\ntwo\n');
    client.end();
    expect(await client.ended).toEqual({ code: 0, stdout: 'ONE\nTWO\n', stderr: '' });
  });

  it('--exec: a command that does not read holds the peer, and ends with its connection', async (test) => {
    const path = folder(test);
    const command = `echo $$ > ${path}/pid; exec sleep 60`;
    const [, port] = await listening(test, '-f', 'lines', '--exec', command);
    const client = await cli(test, 'connect', port, '-f', 'lines', '-q');
    await expect.poll(() => readable(`${path}/pid`), { timeout: 10_000 }).toMatch(/\d+\n/);
    let written = 0;
    const line = `${'x'.repeat(9_999)}\n`;
    for (; written < 6_000 && client.say(line); written++)
      if (written % 100 === 0) await firstValueFrom(timer(1));
    // The buffers on the way are some MB; 60 MB do not fit.
    expect(written).toBeLessThan(6_000);
    client.signal('SIGKILL');
    await client.ended;
    const pid = Number(readFileSync(`${path}/pid`, 'utf8'));
    await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
  });

  it('--exec: a message that holds a line break ends its connection, and nobody else is harmed', async (test) => {
    const [server, port] = await listening(test, '--exec', 'cat');
    const evil = await saying(test, '61 0a 62\n', port, '--hex', '--take', '1', '-q');
    expect(evil.stdout).toBe('');
    await server.told(/a message holds a line break/);
    expect(await saying(test, '61\n', port, '--hex', '--take', '1', '-q')).toMatchObject({
      code: 0,
      stdout: '61\n',
    });
  });

  it('--exec tells the command who the peer is', async (test) => {
    const [, port] = await listening(test, '-f', 'lines', '--exec', 'echo "$PEER"');
    expect(await saying(test, '', port, '-f', 'lines', '-q')).toMatchObject({
      stdout: expect.stringMatching(/^127\.0\.0\.1:\d+\n$/),
    });
  });

  it('says that the address is in use', async (test) => {
    const [, port] = await listening(test);
    const second = await (await cli(test, 'listen', port)).ended;
    const stderr = `rx-tinyproto: Listening on 127.0.0.1:${port} failed: the address is in use (address-in-use)\n`;
    expect(second).toEqual({ code: 3, stdout: '', stderr });
  });
});

describe('signals', () => {
  it('stop a client in order, with a code of their own, and keep its recording', async (test) => {
    const path = join(folder(test), 'talk.txt');
    const [, port] = await listening(test, '--echo');
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const client = await cli(test, 'connect', port, '--record', path);
      client.say('hello\n');
      await client.printed(/hello\n/);
      client.signal(signal);
      expect((await client.ended).code).toBe(code);
      expect(readFileSync(path, 'utf8')).toMatch(/'hello'.*"from":"peer"/s);
    }
  });

  it('end it at once the second time', async (test) => {
    const [, port] = await listening(test, '--exec', 'sleep 60');
    const client = await cli(test, 'connect', port);
    await client.told(/Connected/);
    client.signal('SIGSTOP'); // so that the server has nobody to close with
    client.signal('SIGCONT');
    client.signal('SIGINT');
    await firstValueFrom(timer(200));
    client.signal('SIGINT');
    expect([130, 'SIGINT']).toContain((await client.ended).code);
  });
});

describe('replay', () => {
  it('waits longer than a timer can, and forever', async (test) => {
    const path = join(folder(test), 'talk.txt');
    const [, port] = await listening(test, '--echo');
    await saying(test, 'hello\n', port, '--record', path);
    for (const wait of ['forever', '1e10']) {
      const replay = await cli(test, 'replay', path, `:${port}`, '--wait', wait);
      expect(await replay.ended).toEqual({ code: 0, stdout: '1 ← hello\n1 → hello\n', stderr: '' });
    }
  });
});

describe.skipIf(!existsSync('/dev/full'))('an output that is full', () => {
  it.each(['--help', 'connect PORT -q'])('is told of, and is no success: %s', async (words) => {
    const [, port] = await listening({ onTestFinished } as TestContext, '--echo');
    const command = `${process.execPath} ${await bundled()} ${words.replace('PORT', port)}`;
    const { status, stderr } = spawnSync('sh', ['-c', `echo hello | ${command} > /dev/full`], {
      encoding: 'utf8',
    });
    expect(stderr).toMatch(/^rx-tinyproto: standard output: ENOSPC.*\n$/);
    expect(status).toBe(1);
  });
});

describe('a hundred thousand lines', () => {
  it('go through pipes both ways, whole and in order, in bounded memory', {
    timeout: 60_000,
  }, async (test) => {
    const [, port] = await listening(test, '--echo', '-f', 'lines');
    const program = await bundled();
    const command = `seq 100000 | ${process.execPath} ${program} connect ${port} -f lines -q | cksum; seq 100000 | cksum`;
    const child = spawn('sh', ['-c', command]);
    let printed = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
    await new Promise((resolve) => child.on('close', resolve));
    const [came, expected] = printed.trim().split('\n');
    expect(came).toBe(expected);
    expect(expected).toMatch(/ 588895$/);
  });
});

describePeer('a pseudo-terminal', onPath('python3'), () => {
  it('sees no colour where NO_COLOR is set', async (test) => {
    const none = await (await cliOnTerminal(test, ['connect', '1'], { NO_COLOR: '1' })).ended;
    expect(none.stdout).toMatch(/^rx-tinyproto: Dialling/);
  });

  it('sees errors in colour otherwise', async (test) => {
    const red = await (await cliOnTerminal(test, ['connect', '1'])).ended;
    expect(red).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/^.\[31mrx-tinyproto:.\[39m Dialling/),
    });
  });
});

const readable = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
