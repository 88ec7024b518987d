import { basename, dirname } from 'node:path';
import type { OperatorFunction } from 'rxjs';
import { converse } from '../client/converse.js';
import type { BodyConnection } from '../connection/connection.js';
import { Dialogue } from './dialogue.js';
import { FileError, Refusal } from './file-error.js';
import { Folder } from './folder.js';
import { landing } from './landing.js';
import { type FilesOptions, filesSettings, type Progress } from './options.js';
import { reporting } from './reporting.js';
import { take } from './transfers.js';

/** Options of {@link download}. */
export interface DownloadOptions extends FilesOptions {
  /** Its path below the root of the server. */
  readonly from: string;
  /** The file to write; its folder exists. */
  readonly to: string;
}

/**
 * Gets a file from a server of files, ours or tpft's, and emits how far it has come.
 *
 *     connect(…)   --c
 *     download       -p-p-p-p|     completes when the file is whole, on the disk, and in its place
 *
 * Until then it has another name in the same folder, and with a server of ours an attempt that breaks off is gone on with; the last progress has the SHA-256 that both
 * sides have compared. A file that exists is kept, unless `overwrite` is set. Errors with a `FileError`, and with what the connection errors with.
 * Unsubscribing ends the connection.
 *
 * @example
 * ```ts
 * import { connect, listen } from 'rx-tinyproto';
 * import { download, filesOptions, serveFiles } from 'rx-tinyproto/files';
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 *
 * const folder = mkdtempSync(join(tmpdir(), 'files-'));
 * const server = listen(8089, filesOptions).pipe(serveFiles('docs')).subscribe();
 *
 * connect(8089, filesOptions)
 *   .pipe(download({ from: 'guide.md', to: join(folder, 'guide.md') }))
 *   .subscribe({ error: console.error, complete: () => server.unsubscribe() });
 * ```
 */
export function download({
  from,
  to,
  ...options
}: DownloadOptions): OperatorFunction<BodyConnection, Progress> {
  const { idleTimeoutMs, overwrite, maxFileBytes } = filesSettings(options);
  return converse((conn) =>
    reporting(async (report) => {
      const folder = await Folder.open(dirname(to));
      const dialogue = new Dialogue(conn, idleTimeoutMs);
      try {
        await dialogue.say({ type: 'download-request', path: from, isOurs: true });
        const { size, isOurs } = await dialogue.hear('download-confirmation');
        if (size > maxFileBytes) throw new Refusal(`a file of ${size} bytes is too large`);
        const place = await landing(folder, basename(to), size, { overwrite, resumable: isOurs });
        try {
          await dialogue.say(isOurs ? { type: 'confirmed', held: place.held } : { type: 'confirmed' });
          const done = await take(dialogue, place, size, isOurs, report);
          if (isOurs) report(done);
          await dialogue.farewell({ type: 'confirmed' });
        } catch (error) {
          if (error instanceof FileError && error.code === 'wrong-hash')
            await dialogue.farewell({ type: 'rejected', reason: 'the file is not the one that was sent' });
          throw error;
        } finally {
          await place.leave();
        }
      } finally {
        await dialogue.farewell({ type: 'close' });
        await folder.close();
      }
    }),
  );
}
