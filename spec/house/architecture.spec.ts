import { readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type House, type Sources, violations } from './architecture.js';

/** The plan: rooms, each above those that build on it, and what each may import. Whoever adds an arrow, adds it here. */
const house: House = {
  rooms: {
    errors: {},
    time: {},
    bytes: { uses: ['errors'] },
    transport: { uses: ['errors', 'time'], packages: ['rxjs', 'node:'] },
    codec: { uses: ['errors', 'bytes'] },
    flow: { uses: ['errors', 'bytes'], packages: ['rxjs'] },
    outbox: { uses: ['errors', 'bytes', 'flow'], knows: ['transport'], packages: ['rxjs'] },
    framing: { uses: ['errors', 'bytes', 'outbox'] },
    connection: {
      uses: ['errors', 'time', 'bytes', 'flow', 'outbox', 'framing'],
      knows: ['transport', 'codec'],
      packages: ['rxjs'],
    },
    client: { uses: ['errors', 'time', 'connection', 'flow'], packages: ['rxjs'] },
    server: { uses: ['errors', 'time', 'connection'], packages: ['rxjs'] },
    relay: { uses: ['errors', 'time', 'bytes', 'flow', 'outbox', 'connection'], packages: ['rxjs'] },
    span: { uses: ['errors', 'connection', 'relay'], knows: ['codec'], packages: ['rxjs'] },
    nats: { uses: ['errors', 'connection', 'client', 'span'], packages: ['rxjs', '@nats-io/transport-node'] },
    // A door to `node:cluster`, which is Node's alone.
    cluster: { uses: ['connection', 'span'], packages: ['rxjs', 'node:'] },
    node: { uses: ['errors'], knows: ['codec', 'server', 'testing'], packages: ['rxjs', 'node:'] },
    testing: {
      uses: [
        'errors',
        'bytes',
        'transport',
        'framing',
        'codec',
        'flow',
        'outbox',
        'connection',
        'client',
        'server',
        'relay',
        'span',
      ],
      packages: ['rxjs', 'rxjs/testing'],
    },
    // Both halves of it: the server's, and the page's.
    dashboard: {
      uses: [
        'errors',
        'transport',
        'codec',
        'connection',
        'client',
        'server',
        'relay',
        'testing',
        'websocket',
      ],
      packages: ['rxjs'],
    },
    websocket: {
      uses: ['errors', 'time', 'bytes', 'transport', 'framing', 'client', 'server'],
      packages: ['rxjs'],
    },
    index: {
      uses: [
        'errors',
        'bytes',
        'transport',
        'framing',
        'codec',
        'flow',
        'outbox',
        'connection',
        'client',
        'server',
        'relay',
      ],
    },
    files: {
      uses: ['errors', 'time', 'bytes', 'framing', 'flow', 'connection', 'client', 'server'],
      packages: ['rxjs', 'node:'],
    },
    // The program: it stands outside, and nothing imports it.
    cli: {
      uses: [
        'dashboard',
        'errors',
        'time',
        'bytes',
        'transport',
        'framing',
        'flow',
        'connection',
        'client',
        'server',
        'relay',
        'testing',
        'files',
        'index',
      ],
      packages: ['rxjs'],
    },
  },
  packagesOf: {
    'cli/main.ts': { packages: ['node:process'], because: 'it is the program' },
    'cli/process-stage.ts': {
      packages: ['node:process', 'node:stream', 'node:tty'],
      because: 'it is the process, as commands see it',
    },
    'cli/options.ts': { packages: ['node:util'], because: 'parseArgs' },
    'cli/colors.ts': { packages: ['node:util'], because: 'styleText' },
    'cli/tls-option.ts': { packages: ['node:fs'], because: 'certificates are files' },
    'cli/version.ts': { packages: ['node:fs'], because: 'it reads package.json' },
    'cli/tape-file.ts': { packages: ['node:fs'], because: 'recordings are files' },
    'cli/cp-command.ts': {
      packages: ['node:fs', 'node:path'],
      because: 'it asks whether a destination is a folder',
    },
    'cli/exec-handler.ts': { packages: ['node:child_process'], because: 'it runs a command' },
    'nats/history.ts': {
      packages: ['@nats-io/jetstream'],
      because: 'it loads it for those who want a history',
    },
    'nats/nats.ts': { packages: ['@nats-io/jetstream'], because: 'it has a type of it' },
    'dashboard/serve-pages.ts': {
      packages: ['node:crypto', 'node:http', 'node:net'],
      because: 'it serves a page, to who has a token',
    },
    'dashboard/page-script.ts': {
      packages: ['node:fs/promises', 'node:url', 'esbuild'],
      because: 'it reads the script of the page, or makes it of the sources',
    },
    'websocket/ws-road.ts': {
      packages: ['node:net', 'node:tls', 'ws'],
      because: 'it is Node’s half: a socket of `ws`',
    },
    'websocket/ws-dial.ts': { packages: ['node:http', 'ws'], because: 'it is Node’s half: dials with `ws`' },
    'websocket/ws-listen.ts': {
      packages: ['node:http', 'node:https', 'node:net', 'ws'],
      because: 'it is Node’s half: an HTTP server',
    },
    'websocket/ws-options.ts': {
      packages: ['node:http', 'node:https', 'node:tls'],
      because: 'it is Node’s half: types of HTTP and TLS',
    },
    'websocket/upgrades.ts': {
      packages: ['node:http', 'node:stream'],
      because: 'it is Node’s half: an HTTP server’s upgrades',
    },
    'websocket/admission.ts': {
      packages: ['node:http'],
      because: 'it is Node’s half: looks at HTTP requests',
    },
    'testing/vitest.ts': { packages: ['vitest'], because: 'it is the door for Vitest' },
    'framing/lift.ts': { packages: ['rxjs'], because: 'it makes a framing of two operators' },
    'framing/lifted-decoder.ts': { packages: ['rxjs'], because: 'it runs an operator' },
    'framing/decode.ts': { packages: ['rxjs'], because: 'it is an operator' },
    'framing/encode.ts': { packages: ['rxjs'], because: 'it is an operator' },
  },
  // The file system is made of promises.
  ownTime: ['transport', 'files'],
  ownTimeOf: {
    'nats/history.ts': {
      what: ['async', 'await'],
      because: "JetStream's client is made of promises: here they end",
    },
    'websocket/ws-road.ts': {
      what: ['process.nextTick'],
      because: 'it puts the writes of one turn together',
    },
    'websocket/stream-road.ts': { what: ['Promise'], because: 'WebSocketStream is made of promises' },
    'testing/checks.ts': { what: ['Promise'], because: 'it notices them' },
    'flow/iterate.ts': { what: ['async', 'Promise'], because: 'asynchronous iteration is made of promises' },
  },
};

describe('the plan of the house', () => {
  it('is kept by every source file', () => {
    expect(violations(sourcesOf('src'), house)).toEqual([]);
  });

  it('has no arrow back and no circle', () => {
    const ahead = (room: string, trail: readonly string[] = []): string[] =>
      trail.includes(room)
        ? [[...trail, room].join(' → ')]
        : [...(house.rooms[room]?.uses ?? []), ...(house.rooms[room]?.knows ?? [])].flatMap((next) =>
            ahead(next, [...trail, room]),
          );
    expect(Object.keys(house.rooms).flatMap((room) => ahead(room))).toEqual([]);
  });
});

describe('violations', () => {
  /** A tiny house with one of everything, so that each rule can be seen to catch. */
  const model: House = {
    rooms: {
      errors: {},
      bytes: { uses: ['errors'] },
      transport: { uses: ['errors'], packages: ['rxjs', 'node:'] },
      framing: { uses: ['bytes'] },
      connection: { uses: ['framing'], knows: ['transport'], packages: ['rxjs'] },
      client: { uses: ['connection'] },
    },
    packagesOf: { 'framing/lift.ts': { packages: ['rxjs'], because: 'wraps' } },
    ownTime: ['transport'],
    ownTimeOf: { 'connection/iterate.ts': { what: ['async'], because: 'asynchronous iteration' } },
  };
  const sound = {
    'errors.ts': 'export class E extends Error {}',
    'bytes/queue.ts': `import { E } from '../errors.js'; export const queue = () => new E();`,
    'transport/tcp.ts': `import net from 'node:net'; export interface Wire {} setTimeout(() => net, Date.now());`,
    'framing/framing.ts': `import { queue } from '../bytes/queue.js'; export interface Framing {} export const f = queue;`,
    'framing/lift.ts': `import { map } from 'rxjs'; export const lift = map;`,
    'connection/connection.ts': `import type { Wire } from '../transport/tcp.js'; import { f } from '../framing/framing.js'; export const c = f as Wire;`,
    'connection/iterate.ts': `export async function* iterate(): AsyncGenerator<Promise<void>> {}`,
    'client/connect.ts': `import { c } from '../connection/connection.js'; import type { Framing } from '../framing/framing.js'; export const connect = (clock: { setTimeout: number }, _: Framing) => [c, clock.setTimeout];`,
  };
  const found = (changed: Record<string, string>) =>
    violations(new Map(Object.entries({ ...sound, ...changed })), model);

  it('finds none in a house that keeps its plan', () => {
    expect(found({})).toEqual([]);
  });

  it.each([
    [
      'a value against the arrows',
      `import { f } from '../framing/framing.js';`,
      '(bytes) imports a value of framing',
    ],
    [
      'a type against the arrows',
      `import type { Framing } from '../framing/framing.js';`,
      '(bytes) imports a type of framing',
    ],
    [
      'a re-export against the arrows',
      `export * from '../framing/framing.js';`,
      '(bytes) imports a value of framing',
    ],
    [
      'an import type',
      `type A = import('../framing/framing.js').Framing;`,
      '(bytes) imports a type of framing',
    ],
    ['a dynamic import', `import('../framing/framing.js');`, '(bytes) imports a value of framing'],
    ['an import for its effects', `import '../framing/framing.js';`, '(bytes) imports a value of framing'],
    ['Node outside its rooms', `import { Buffer } from 'node:buffer';`, 'imports node:buffer'],
    ['Node without its prefix', `import { Buffer } from 'buffer';`, 'imports node:buffer'],
    ['require', `require('node:fs');`, 'imports node:fs'],
    ['rxjs in a room without it', `import type { Observable } from 'rxjs';`, 'imports rxjs'],
    ['another package', `import { z } from 'zod';`, 'imports zod'],
    ['a file that is not there', `import { z } from './gone.js';`, 'imports ./gone.js, which does not exist'],
    ['a default export', `export default 1;`, 'is a default export'],
    ['a default function', `export default function queue() {}`, 'is a default export'],
    ['a renamed default', `const a = 1; export { a as default };`, 'is a default export'],
    ['setTimeout', `setTimeout(() => {}, 1);`, 'uses setTimeout'],
    ['setTimeout handed on', `const later = globalThis.setTimeout;`, 'uses setTimeout'],
    ['setImmediate', `setImmediate(() => {});`, 'uses setImmediate'],
    ['nextTick', `process.nextTick(() => {});`, 'uses process.nextTick'],
    ['queueMicrotask', `queueMicrotask(() => {});`, 'uses queueMicrotask'],
    ['the clock', `const now = Date.now();`, 'uses Date.now'],
    ['a date of now', `const now = new Date();`, 'uses new Date()'],
    ['a new promise', `const p = new Promise<void>(() => {});`, 'uses Promise'],
    ['a resolved promise', `const p = Promise.resolve();`, 'uses Promise'],
    ['an async function', `export async function queue() {}`, 'uses async'],
    ['an async arrow', `export const queue = async () => {};`, 'uses async'],
    ['an async method', `export const queue = { async go() {} };`, 'uses async'],
  ])('finds %s', (_, text, expected) => {
    expect(found({ 'bytes/other.ts': `\n${text}` })).toEqual([
      expect.stringMatching(new RegExp(`^bytes/other\\.ts:2 .*${expected.replace(/[.()]/g, '\\$&')}$`)),
    ]);
  });

  it('finds a value where only types may be known', () => {
    const text = `import { type Wire, tcp } from '../transport/tcp.js'; export const c = 1;`;
    expect(found({ 'connection/connection.ts': text })).toEqual([
      'connection/connection.ts:1 (connection) imports a value of transport',
    ]);
  });

  it('lets types travel along the arrows, and values not', () => {
    const text = `import { f } from '../framing/framing.js'; export const connect = f;`;
    expect(found({ 'client/connect.ts': text })).toEqual([
      'client/connect.ts:1 (client) imports a value of framing',
    ]);
  });

  it('finds a file in no room', () => {
    expect(found({ 'attic/box.ts': `import '../errors.js';` })).toEqual([
      'attic/box.ts:1 is in no room that the house knows',
    ]);
  });

  it('finds a name that is not in kebab-case', () => {
    expect(found({ 'bytes/ByteQueue.ts': '' })).toEqual(['bytes/ByteQueue.ts is not in kebab-case']);
  });

  it('finds a circle, once', () => {
    const changed = {
      'bytes/a.ts': `import { b } from './b.js'; export const a = b;`,
      'bytes/b.ts': `import type { c } from './c.js'; export const b = 1;`,
      'bytes/c.ts': `export * from './a.js';`,
    };
    expect(found(changed)).toEqual(['bytes/a.ts → bytes/b.ts → bytes/c.ts → bytes/a.ts is a circle']);
  });

  it('finds an allowance that nobody needs', () => {
    expect(found({ 'framing/lift.ts': '', 'connection/iterate.ts': '' })).toEqual([
      'framing/lift.ts may import rxjs and does not',
      'connection/iterate.ts may use async and does not',
    ]);
  });
});

function sourcesOf(folder: string): Sources {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith('.ts'),
  );
  return new Map(paths.map((path) => [path.split(sep).join('/'), readFileSync(join(folder, path), 'utf8')]));
}
