import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { tcp } from '../../src/transport/tcp.js';
import type { BoundAddress } from '../../src/transport/transport.js';
import { type End, expectBytes, pattern, until, watch } from '../contracts/wires.js';

const door = fileURLToPath(new URL('../../src/transport/index.ts', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Runs a script in a process of its own, which must end by itself. */
function run(script: string, { ulimit = 1_024 } = {}): Promise<{ code: number | null; out: string }> {
  const source = `import { tcp } from ${JSON.stringify(door)}; const { dial, listen } = tcp({ probeMs: 50 }); ${script}`;
  const command = `ulimit -n ${ulimit}; exec "$0" --import tsx --input-type=module -e "$1"`;
  const child = spawn('bash', ['-c', command, process.execPath, source], { cwd: root, timeout: 10_000 });
  let out = '';
  child.stdout.on('data', (chunk) => (out += chunk));
  child.stderr.on('data', (chunk) => (out += chunk));
  return new Promise((ended) => child.on('close', (code) => ended({ code, out })));
}

const ends = async (script: string) => expect(await run(script)).toEqual({ code: 0, out: 'done\n' });

describe('A process that has nothing left to do ends', () => {
  it('after a conversation', () =>
    ends(`
      const server = listen(0, { openObserver: { next: ({ port }) => dial(port).subscribe((wire) => {
        wire.bytes$.subscribe({ complete: () => { wire.destroy(); server.unsubscribe(); console.log('done'); } });
        wire.write(new Uint8Array(1000), () => {});
        wire.end(() => {});
      }) } }).subscribe((wire) => wire.bytes$.subscribe({
        next: (chunk) => wire.write(chunk, () => {}),
        complete: () => wire.end(() => {}),
      }));
    `));

  it('after a refusal, a dial given up, and a listener given up', () =>
    ends(`
      dial(1).subscribe({ error: () => console.log('done') });
      dial(1).subscribe().unsubscribe();
      listen(0).subscribe().unsubscribe();
      const late = listen(0).subscribe();
      setTimeout(() => late.unsubscribe(), 20);
    `));

  it('after wires were destroyed that were paused, unread, or stuck', () =>
    ends(`
      const wires = [];
      const server = listen(0, { openObserver: { next: ({ port }) => {
        for (let at = 0; at < 3; at++) dial(port).subscribe((wire) => {
          wire.bytes$.subscribe();
          wire.pause();
          wire.write(new Uint8Array(16 << 20), () => {});
          wires.push(wire);
        });
      } } }).subscribe((wire) => wires.push(wire));
      setTimeout(() => {
        server.unsubscribe();
        for (const wire of wires) wire.destroy();
        console.log('done');
      }, 200);
    `));
});

describe('A peer that is killed', () => {
  it('leaves a prefix of what it sent, one ending, and a closed wire', async () => {
    const script = `
      const bytes = Buffer.from(Array.from({ length: 65536 }, (_, at) => (at * 31 + (at >>> 8) * 17) & 255));
      const socket = require('net').connect(process.argv[1], '127.0.0.1');
      const more = () => socket.write(bytes, more);
      more();
    `;
    for (const bytes of [1, 100_000, 3_000_000, 10_000_000]) {
      let far: End | undefined;
      let child: ChildProcess | undefined;
      const spawnPeer = (bound: BoundAddress) => {
        child = spawn(process.execPath, ['-e', script, 'port' in bound ? `${bound.port}` : '']);
      };
      const listening = tcp()
        .listen(0, { openObserver: { next: spawnPeer } })
        .subscribe((wire) => {
          far = watch(wire);
        });
      await until(() => (far?.size() ?? 0) >= bytes, 'so much has come');
      const end = far as unknown as End;
      end.write(pattern(100));
      child?.kill('SIGKILL');
      await until(() => end.endings.length > 0, 'over');
      end.wire.destroy();
      await until(() => end.closings.length > 0, 'closed');
      expect([end.endings.length, end.closings.length]).toEqual([1, 1]);
      const wholes = Math.floor(end.size() / 65_536);
      for (const at of [0, wholes - 1].filter((each) => each >= 0)) {
        expectBytes(end.bytes().subarray(at * 65_536, (at + 1) * 65_536), pattern(65_536));
      }
      listening.unsubscribe();
    }
  });
});

describe('A listener without file descriptors', () => {
  it('lives on, and accepts again when there are some', async () => {
    const { code, out } = await run(
      `
      const wires = [];
      let failed = 0;
      const server = listen(0, { openObserver: { next: ({ port }) => {
        let rest = 60;
        const tried = () => --rest || setTimeout(() => {
          for (const wire of wires.splice(0)) wire.destroy({ reset: true });
          setTimeout(() => dial(port).subscribe((wire) => {
            wire.destroy();
            server.unsubscribe();
            for (const wire of wires.splice(0)) wire.destroy();
            console.log(failed > 0, 'alive');
          }), 50);
        }, 50);
        for (let at = 0; at < 60; at++) dial(port).subscribe({
          next: (wire) => { wires.push(wire); tried(); },
          error: ({ code }) => { if (code === 'out-of-resources') failed++; tried(); },
        });
      } } }).subscribe({ next: (wire) => { wire.bytes$.subscribe({ error: () => {} }); wires.push(wire); } });
    `,
      { ulimit: 64 },
    );
    expect({ code, out }).toEqual({ code: 0, out: 'true alive\n' });
  });
});
