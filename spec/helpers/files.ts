import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Connection, converse, text, tinyproto } from 'rx-tinyproto';
import {
  download,
  type FileEvent,
  type FilesOptions,
  filesOptions,
  type Progress,
  type ServeFilesOptions,
  serveFiles,
  upload,
} from 'rx-tinyproto/files';
import { virtualNetwork } from 'rx-tinyproto/testing';
import {
  finalize,
  firstValueFrom,
  from,
  lastValueFrom,
  mergeMap,
  Subject,
  take,
  takeUntil,
  tap,
  toArray,
} from 'rxjs';
import type { TestContext } from 'vitest';
import { connectOver } from '../../src/client/connect.js';
import { streamedBodies } from '../../src/connection/streamed-bodies.js';
import { together } from '../../src/outbox/open-outbox.js';
import { listenOver } from '../../src/server/listen.js';

/** A server of files on a network in memory, whose folder is a real one: the file system has no virtual time. */
export interface Desk {
  /** The root of the server, and a folder for the client. */
  readonly root: string;
  readonly here: string;
  /** What is below the root, in order. */
  listing(): string[];
  upload(from: string, to: string, address?: string): Promise<readonly Progress[]>;
  download(
    from: string,
    to: string,
    options?: FilesOptions & { readonly address?: string },
  ): Promise<readonly Progress[]>;
  /** What became of the requests so far. */
  readonly events: readonly FileEvent[];
  /** Talks with the server as somebody else's program does, word by word. */
  client<T>(talk: (stranger: Stranger) => Promise<T>): Promise<T>;
  /** Is a server, at `server:2`, for one conversation, which resolves with what was talked. */
  server<T>(talk: (stranger: Stranger) => Promise<T>): Promise<T>;
  /** Stops the server, and waits until it has. */
  stop(): Promise<void>;
}

/** Somebody else's program: it says and hears whole messages, as texts. */
export interface Stranger {
  say(...messages: readonly (string | Uint8Array)[]): Promise<void>;
  /** The next message, or undefined at the end. */
  hear(): Promise<string | undefined>;
  /** Leaves in the middle of what it says: in order, or with a reset, which may take with it what is on its way. */
  leave(): Promise<void>;
  vanish(): void;
}

const utf8 = text();

function stranger(conn: Connection): Stranger {
  const messages = conn[Symbol.asyncIterator]();
  return {
    async say(...messages) {
      for (const message of messages)
        await firstValueFrom(conn.send(typeof message === 'string' ? utf8.encode(message) : message));
    },
    async hear() {
      const { value } = await messages.next();
      return value && utf8.decode(value);
    },
    leave: () => firstValueFrom(conn.close()),
    vanish: () => conn.destroy(new Error('vanished')),
  };
}

/** Two folders that go with the test. */
export function folders({ onTestFinished }: Pick<TestContext, 'onTestFinished'>): {
  root: string;
  here: string;
} {
  const folder = mkdtempSync(join(tmpdir(), 'rx-tinyproto-files-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [root, here] = [join(folder, 'root'), join(folder, 'here')];
  mkdirSync(root);
  mkdirSync(here);
  return { root, here };
}

export async function desk(
  test: Pick<TestContext, 'onTestFinished'>,
  options: ServeFilesOptions = { allowUpload: true },
): Promise<Desk> {
  const { root, here } = folders(test);
  const defaults = {
    transport: virtualNetwork({ windowBytes: 1 << 20 }),
    framing: tinyproto(),
    bodies: streamedBodies,
    outbox: together,
  };
  const [listen, connect] = [listenOver(defaults), connectOver(defaults)];
  const stop$ = new Subject<void>();
  const bound = new Subject<unknown>();
  const events: FileEvent[] = [];
  const isUp = firstValueFrom(bound);
  const isOver = lastValueFrom(
    listen('server:1', { ...filesOptions, openObserver: bound }).pipe(
      takeUntil(stop$),
      serveFiles(root, options),
      tap((event) => events.push(event)),
    ),
    { defaultValue: undefined },
  );
  test.onTestFinished(() => stop$.next());
  await isUp;
  return {
    root,
    here,
    listing: () => readdirSync(root, { recursive: true, encoding: 'utf8' }).sort(),
    upload: (from, to, address = 'server:1') =>
      lastValueFrom(connect(address, filesOptions).pipe(upload({ from: join(here, from), to }), toArray())),
    download: (from, to, { address = 'server:1', ...options } = {}) => {
      const transfer = download({ from, to: join(here, to), ...options });
      return lastValueFrom(connect(address, filesOptions).pipe(transfer, toArray()));
    },
    client: (talk) => lastValueFrom(connect('server:1').pipe(converse((conn) => talk(stranger(conn))))),
    server: (talk) =>
      firstValueFrom(
        listen('server:2').pipe(
          take(1),
          mergeMap((conn) => from(talk(stranger(conn))).pipe(finalize(() => conn.close().subscribe()))),
        ),
      ),
    events,
    async stop() {
      stop$.next();
      await isOver;
    },
  };
}
