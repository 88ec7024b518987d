import { describe, expect, it } from 'vitest';
import { nodeProcess } from '../helpers/node-process.js';

describe.concurrent('A process ends by itself, in silence, behind', () => {
  it.for([
    'a server that was stopped',
    'a server that was unsubscribed with a message under way',
    'a server that was full',
    'a server whose peers reset, before and after the opening',
    'a client that ended',
    'a client whose peer reset',
    'a client that found nobody',
    'a client that was unsubscribed while it dialled, opened, and talked',
    'a client that closed, and whose peer did not',
  ])('%s', async (scenario, test) => {
    const { lingeredMs, ...ended } = await nodeProcess(test, 'process/scenarios.ts', [scenario]);
    expect(ended).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    // A wire that was destroyed may wait a second for its peer to take the last bytes. Every other wait of ours is longer.
    expect(lingeredMs).toBeLessThan(4_000);
  });
});

it('A process hears once of an error that nobody has handled, and of no other', async (test) => {
  const { code, stderr } = await nodeProcess(test, 'process/scenarios.ts', [
    'a client that handled no error',
  ]);
  expect(code).toBe(1);
  expect(stderr.match(/^\w*Error: .*$/gm)).toEqual([expect.stringContaining('(connection-refused)')]);
});
