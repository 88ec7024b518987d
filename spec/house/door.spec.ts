import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../', import.meta.url));

/** Where the platform itself is what is tested, or what a test runs on: the contract of transports is for TCP, too. */
const atHome = /^(real|conformance|examples|house|helpers)\/|^contracts\/(transport|wires)/;

/** Who may besides, and why. */
const allowed: Readonly<Record<string, string>> = {
  'framing/lift.spec.ts': 'a promise must not be waited for, which takes one',
  'testing/checks.spec.ts': 'shows the traps, with TestScheduler and with timers',
  'testing/diagrams.spec.ts': 'compares with what RxJS reads',
};

const foreign =
  /from 'rxjs\/testing'|from 'node:(net|tls|timers\/promises)'|\bset(Timeout|Interval|Immediate)\(/;

describe('the specs', () => {
  it('run on the testing door: none sleeps, opens a socket, or has a scheduler of its own', () => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const found = files
      .map((path) => path.replaceAll('\\', '/'))
      .filter((path) => !atHome.test(path) && foreign.test(readFileSync(folder + path, 'utf8')));
    expect(found.sort()).toEqual(Object.keys(allowed).sort());
  });
});
