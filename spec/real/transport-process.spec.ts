import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

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
