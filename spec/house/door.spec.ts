import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = fileURLToPath(new URL('../', import.meta.url));

/** What the specs outside of `real` and `conformance`, or the files that they import, have of the platform, and why each may. */
const allowed: Readonly<Record<string, string>> = {
  'client/connect.spec.ts': 'the TCP `connect` throws before it dials',
  'connection/bodies-endings.spec.ts': 'the TCP `connect` throws before it dials',
  'server/events.spec.ts': 'the TCP `connect` throws before it dials',
  'server/doorman.spec.ts':
    'takes lists of addresses as Node has them; the TCP `listen` throws before it binds',
  'helpers/proxy-headers.ts': 'writes addresses as the system does',
  'files/refusals.spec.ts': 'makes a named pipe, which Node itself cannot',
  'examples/nestjs.deep.ts': 'Nest is made of promises: it names the virtual network instead',
  'framing/lift.spec.ts': 'a promise must not be waited for, which takes one',
  'testing/checks.spec.ts': 'shows the traps, with TestScheduler and with timers',
  'testing/diagrams.spec.ts': 'compares with what RxJS reads',
  'contracts/wires.ts': 'the contract of transports is for TCP, too: it lets the event loop turn',
  'contracts/transport-endings.ts': 'as wires.ts',
  'contracts/transport-flow.ts': 'as wires.ts',
  'contracts/transport-monkey.ts': 'as wires.ts',
  'helpers/beside.ts': 'a type of what RxJS and marbles have in common',
  'helpers/kept-file.ts': 'calls the formatter, when files are kept anew',
  'helpers/docs-page.ts': 'the pages are programs: what they start has its time to settle',
  'helpers/lives.ts':
    'lives ten thousand lives, each looked at by itself: what marbles looks for besides takes twice the time',
  'helpers/loopback.ts': 'is behind relayed.ts',
  'helpers/relayed.ts': 'numbers messages for all; its sockets are for spec/real alone',
  'house/architecture.spec.ts': 'has the forbidden words in its examples',
  'house/architecture.ts': 'has the forbidden words in its rules',
  'house/pack.deep.ts': 'installs the tarball and runs it, as an app does',
  'house/docs.spec.ts': 'runs the check of the docs, which is a process',
};

const foreign = [
  /from 'rxjs\/testing'/,
  /from 'node:(net|tls|http|child_process|timers(\/promises)?)'/,
  /\bset(Timeout|Interval|Immediate)\(/,
  // The front door's transport is TCP; inside a marble test, its helpers have the same names.
  /import \{[^}]*\b(connect|listen|tcp)\b[^}]*\} from '(rx-tinyproto(\/transport)?|[./]+src\/(index|transport\/tcp)\.js)'/,
];

const read = (path: string) => readFileSync(folder + path, 'utf8');

/** A file and all that it imports from below `spec`. */
function reached(path: string, into = new Set<string>()): Set<string> {
  if (into.has(path)) return into;
  into.add(path);
  for (const [, name = ''] of read(path).matchAll(/from '(\.[^']+)\.js'/g)) {
    const next = join(dirname(path), `${name}.ts`).replaceAll('\\', '/');
    if (!next.startsWith('..') && existsSync(folder + next)) reached(next, into);
  }
  return into;
}

describe('the specs', () => {
  const specs = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter(
      (path) => /\.(spec|deep)\.ts$|^house\/[^/]*\.ts$/.test(path) && !/^(real|conformance)\//.test(path),
    );

  it('run on the testing door: none sleeps, opens a socket, or has a scheduler of its own', () => {
    const all = new Set(specs.flatMap((path) => [...reached(path)]));
    const found = [...all].filter((path) => foreign.some((pattern) => pattern.test(read(path))));
    expect(found.sort()).toEqual(Object.keys(allowed).sort());
  });

  it('are of some number: an empty folder would pass', () => expect(specs.length).toBeGreaterThan(50));
});
