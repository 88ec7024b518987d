import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Wire } from 'rx-tinyproto';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import { until } from '../contracts/wires.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const front = fileURLToPath(new URL('../../src/index.ts', import.meta.url));

/** A server in a process that may open so few files. It says its port, and each refusal. */
function server(ulimit: number): ChildProcess {
  const source = `
    import { listen, serve } from ${JSON.stringify(front)};
    import { NEVER } from 'rxjs';
    listen(0, {
      openObserver: { next: ([{ port }]) => console.log('port', port) },
      eventObserver: { next: ({ type, why }) => type === 'refused' && console.log(type, why) },
    }).pipe(serve(() => NEVER)).subscribe();
  `;
  const command = `ulimit -n ${ulimit}; exec "$0" --import tsx --input-type=module -e "$1"`;
  return spawn('bash', ['-c', command, process.execPath, source], { cwd: root, timeout: 60_000 });
}

/** The first byte that comes. */
const firstByte = (wire: Wire) => firstValueFrom(wire.bytes$).then(([byte]) => byte);

describe('A server in a process with few file descriptors', () => {
  it('lets in as many as fit, tells all others that it is full, and lets in again', async ({
    onTestFinished,
  }) => {
    const child = server(200);
    onTestFinished(() => void child.kill('SIGKILL'));
    let said = '';
    child.stdout?.on('data', (chunk) => (said += chunk));
    child.stderr?.on('data', (chunk) => (said += chunk));
    await until(() => said.includes('port'), 'it listens', 30_000);
    const port = Number(/port (\d+)/.exec(said)?.[1]);
    const heard: (number | undefined)[] = [];
    const inside: Wire[] = [];
    const call = async () => {
      const wire = await firstValueFrom(tcp().dial(port));
      const byte = await firstByte(wire);
      if (byte === 0xff) inside.push(wire);
      else wire.destroy();
      heard.push(byte);
    };
    for (let count = 0; count < 160; count++) await call();
    // 80 % of 200 would leave nothing for what Node has open itself.
    expect(heard).toEqual([...Array(136).fill(0xff), ...Array(24).fill(0xfe)]);
    await until(() => said.match(/refused connections/g)?.length === 24, 'all refusals are told', 10_000);
    inside.splice(0, 10).forEach((wire) => void wire.destroy({ reset: true }));
    for (let tries = 0; tries < 50 && heard.at(-1) !== 0xff; tries++) await call();
    expect(heard.at(-1)).toBe(0xff);
    for (const wire of inside) wire.destroy({ reset: true });
    expect(child.exitCode).toBeNull();
    child.kill();
    await once(child, 'exit');
  });
});
