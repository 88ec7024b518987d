import { describe, expect, it, type TestContext } from 'vitest';
import { cli, cliOnTerminal, type Program } from '../helpers/cli-process.js';
import { describePeer, onPath } from '../helpers/peers.js';

// The program itself, in pipes and in a pseudo-terminal. What it says when is in spec/cli, in virtual time.

const timeout = 30_000;

/** A server on a port of the system's choice. */
async function listening(
  test: TestContext,
  ...words: readonly string[]
): Promise<[Program, address: string]> {
  const server = await cli(test, 'listen', '0', ...words);
  const [, address = ''] = await server.told(/Listening on (\S+)\n/);
  return [server, address];
}

describe('rx-tinyproto', { timeout }, () => {
  it('echoes what is piped in, plain, and the server stops in order', async (test) => {
    const [server, address] = await listening(test, '--echo');
    const client = await cli(test, 'connect', address, '--take', '2', '--quiet');
    client.say('hello\n\u001b[31mred');
    client.end();
    expect(await client.ended).toEqual({ code: 0, stdout: 'hello\n\u001b[31mred\n', stderr: '' });
    server.signal('SIGINT');
    expect(await server.ended).toMatchObject({ code: 0, stdout: '' });
  });

  it('ends quietly when nobody reads its output any more', async (test) => {
    const [, address] = await listening(test, '--echo');
    const client = await cli(test, 'connect', address, '--quiet');
    client.say('one\n');
    await client.printed(/one\n/);
    client.deafen();
    client.say('two\nthree\n');
    expect(await client.ended).toMatchObject({ code: 0, stderr: '' });
  });
});

describePeer('a pseudo-terminal', onPath('python3'), () => {
  it('is shown messages with their control characters written out, names in colour, and stops at Ctrl-C', {
    timeout,
  }, async (test) => {
    const server = await cliOnTerminal(test, ['listen', '0', '-f', 'lines']);
    const [, port = ''] = await server.printed(/Listening on 127.0.0.1:(\d+)/);
    const client = await cli(test, 'connect', port, '-f', 'lines', '-q');
    client.say('\u001b]0;title\u0007\n');
    await server.printed(/36m1.\[39m \\u001b\]0;title\\u0007\r\n/);
    server.say('typed\n');
    await client.printed(/typed\n/);
    server.say('\u0003');
    expect(await server.ended).toMatchObject({ code: 0 });
    expect(await client.ended).toMatchObject({ code: 0 });
  });
});
