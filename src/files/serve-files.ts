import { defer, finalize, from, type Observable, type OperatorFunction, switchMap } from 'rxjs';
import type { BodyConnection } from '../connection/connection.js';
import { positiveOption } from '../connection/options.js';
import { serve } from '../server/serve.js';
import type { BoundAddress } from '../transport/transport.js';
import { Dialogue } from './dialogue.js';
import { FileError, Refusal } from './file-error.js';
import { Folder, regular } from './folder.js';
import { landing } from './landing.js';
import type { Letter } from './letters.js';
import { type FilesOptions, type FilesSettings, filesSettings, type Progress } from './options.js';
import { namesIn } from './paths.js';
import { reporting } from './reporting.js';
import { Source } from './source.js';
import { give, take } from './transfers.js';

/** Options of {@link serveFiles}. */
export interface ServeFilesOptions extends FilesOptions {
  /** Whether clients may write. @default false */
  readonly allowUpload?: boolean;
  /** How long a transfer may go on when the server is to stop, in milliseconds. @default 10,000 */
  readonly graceMs?: number;
}

/** What became of a request. */
export interface FileEvent {
  /** `refused`: by this server, and why is in `error`. `failed`: something else went wrong. */
  readonly what: 'uploaded' | 'downloaded' | 'refused' | 'failed';
  /** As the client has written it: not to be trusted, nor to be printed as it is. Empty where there was no request. */
  readonly path: string;
  readonly remote: BoundAddress;
  /** How far it has come. */
  readonly progress?: Progress;
  /** Why not. */
  readonly error?: Error;
}

/**
 * Serves the files below one folder, to clients of ours and of tpft's, and emits what became of each request.
 *
 *     listen(…)    --c----d--
 *     serveFiles   -----e----e--     one connection that fails harms no other
 *
 * Nothing outside of the root is read or written: paths are relative and plain, every folder on the way is opened by itself, and no symbolic link, device or pipe is. Writing is
 * off unless `allowUpload` is set. An upload has another name until it is whole and on the disk, and replaces nothing unless `overwrite` is set. Errors if the root
 * cannot be opened, and with what the source errors with; completes as `serve` does.
 *
 * @example
 * ```ts
 * import { listen } from 'rx-tinyproto';
 * import { filesOptions, serveFiles } from 'rx-tinyproto/files';
 * import { map, takeUntil, timer } from 'rxjs';
 *
 * listen(8088, filesOptions)
 *   .pipe(
 *     takeUntil(timer(10)),
 *     serveFiles('docs'),
 *     map(({ what, path }) => `${what} ${JSON.stringify(path)}`),
 *   )
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function serveFiles(
  root: string,
  options: ServeFilesOptions = {},
): OperatorFunction<BodyConnection, FileEvent> {
  const settings = { ...filesSettings(options), allowUpload: options.allowUpload ?? false };
  const graceMs = positiveOption(options, 'graceMs', 10_000);
  const serveFrom = (folder: Folder) =>
    serve<BodyConnection, FileEvent>(
      (conn, { stopping$ }) => {
        const desk = new Desk(conn, folder, settings);
        stopping$.subscribe(() => desk.stop());
        return desk.events$;
      },
      { graceMs, onError: () => {} }, // it is in the events
    );
  return (connections$) =>
    defer(() => {
      const opening = Folder.open(root);
      const close = () => opening.then((folder) => folder.close()).catch(() => {});
      return from(opening).pipe(
        switchMap((folder) => connections$.pipe(serveFrom(folder))),
        finalize(close), // also what is open only when nobody wants it any more
      );
    });
}

type Settings = FilesSettings & { readonly allowUpload: boolean };
type Request = Extract<Letter, { readonly type: 'upload-request' | 'download-request' }>;

/** Where one client is served, one request after the other. */
class Desk {
  readonly events$: Observable<FileEvent>;
  readonly #dialogue: Dialogue;
  #isIdle = true;
  #isStopping = false;

  constructor(
    private readonly conn: BodyConnection,
    private readonly root: Folder,
    private readonly settings: Settings,
  ) {
    this.#dialogue = new Dialogue(conn, settings.idleTimeoutMs);
    this.events$ = reporting((report) => this.#serve(report));
  }

  /** Begins nothing more. */
  stop(): void {
    this.#isStopping = true;
    if (this.#isIdle) this.conn.close().subscribe();
  }

  async #serve(report: (event: FileEvent) => void): Promise<void> {
    while (!this.#isStopping) {
      const request = await this.#nextRequest(report);
      if (request === undefined) return;
      const event = await this.#answer(request);
      report(event);
      if (event.what === 'failed') return;
    }
  }

  /** Undefined at the end. What is no request ends the conversation. */
  async #nextRequest(report: (event: FileEvent) => void): Promise<Request | undefined> {
    this.#isIdle = true;
    try {
      const letter = await this.#dialogue.hearOrEnd();
      if (letter === undefined || letter.type === 'close') return undefined;
      if (letter.type === 'upload-request' || letter.type === 'download-request') return letter;
      throw new FileError('unexpected-letter', `A client said '${letter.type}' where a request is due`);
    } catch (error) {
      if (error instanceof FileError) report({ what: 'failed', path: '', remote: this.conn.remote, error });
      throw error;
    } finally {
      this.#isIdle = false;
    }
  }

  /** A refusal is an answer, and the client may ask for something else. Anything else ends the conversation. */
  async #answer(request: Request): Promise<FileEvent> {
    const { path } = request;
    const { remote } = this.conn;
    try {
      const progress = await (request.type === 'upload-request'
        ? this.#upload(request)
        : this.#download(request));
      return { what: request.type === 'upload-request' ? 'uploaded' : 'downloaded', path, remote, progress };
    } catch (error) {
      const isRefusal =
        error instanceof Refusal || (error instanceof FileError && error.code === 'wrong-hash');
      if (!isRefusal) return this.#failed(path, error);
      await this.#dialogue.farewell({
        type: 'rejected',
        reason: error instanceof Refusal ? error.reason : error.message,
      });
      return { what: 'refused', path, remote, error };
    }
  }

  #failed(path: string, error: unknown): FileEvent {
    this.conn.destroy(error);
    return { what: 'failed', path, remote: this.conn.remote, error: error as Error };
  }

  async #upload({ path, size, isOurs }: Extract<Request, { type: 'upload-request' }>): Promise<Progress> {
    const { allowUpload, maxFileBytes, overwrite } = this.settings;
    if (!allowUpload) throw new Refusal('this server takes no files');
    const names = namesIn(path);
    if (size > maxFileBytes) throw new Refusal(`the file is larger than ${maxFileBytes} bytes`);
    return this.#inside(names, async (folder, name) => {
      const place = await landing(folder, name, size, { overwrite, resumable: isOurs });
      try {
        await this.#dialogue.say(isOurs ? { type: 'confirmed', held: place.held } : { type: 'confirmed' });
        const done = await take(this.#dialogue, place, size, isOurs);
        await this.#dialogue.say({ type: 'confirmed' });
        return done;
      } finally {
        await place.leave();
      }
    });
  }

  async #download({ path, isOurs }: Extract<Request, { type: 'download-request' }>): Promise<Progress> {
    return this.#inside(namesIn(path), async (folder, name) => {
      const handle = await folder.read(name).then(regular);
      try {
        const source = new Source(handle, (await handle.stat()).size);
        await this.#dialogue.say({ type: 'download-confirmation', size: source.size, isOurs });
        const { held } = await this.#dialogue.hearAfter(isOurs ? source.size : 0, 'confirmed');
        const done = await give(this.#dialogue, source, isOurs ? held : undefined);
        await this.#dialogue.hear('confirmed');
        return done;
      } finally {
        await handle.close();
      }
    });
  }

  /** Does something in the folder in which the last of the names is to be found. */
  async #inside<T>(names: readonly string[], work: (folder: Folder, name: string) => Promise<T>): Promise<T> {
    return this.root.during(async () => {
      const folder = await this.root.walk(names);
      try {
        return await work(folder, names.at(-1) ?? '');
      } finally {
        if (folder !== this.root) await folder.close();
      }
    });
  }
}
