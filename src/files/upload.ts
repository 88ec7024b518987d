import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import type { OperatorFunction } from 'rxjs';
import { converse } from '../client/converse.js';
import type { BodyConnection } from '../connection/connection.js';
import { Dialogue } from './dialogue.js';
import { regular } from './folder.js';
import { filesSettings, type Patience, type Progress } from './options.js';
import { reporting } from './reporting.js';
import { Source } from './source.js';
import { give } from './transfers.js';

const { O_NONBLOCK, O_RDONLY } = constants;

/** Options of {@link upload}. */
export interface UploadOptions extends Patience {
  /** The file to send. */
  readonly from: string;
  /** Its path below the root of the server. */
  readonly to: string;
}

/**
 * Sends a file to a server of files, ours or tpft's, and emits how far it has come.
 *
 *     connect(…)   --c
 *     upload         -p-p-p-p|     completes when the server has it in its place
 *
 * Where the server is ours it goes on where an earlier attempt broke off, if what is there is the beginning of this file, and the last progress has the SHA-256 that both
 * sides have compared. Errors with a `FileError`: `rejected` with the server's reason, `refused` for what is no regular file; and with what the connection errors with.
 * Unsubscribing ends the connection.
 *
 * @example
 * ```ts
 * import { connect } from 'rx-tinyproto';
 * import { filesOptions, serveFiles, upload } from 'rx-tinyproto/files';
 * import { listen } from 'rx-tinyproto';
 * import { mkdtempSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 *
 * const folder = mkdtempSync(join(tmpdir(), 'files-'));
 * const server = listen(8088, filesOptions).pipe(serveFiles(folder, { allowUpload: true })).subscribe();
 *
 * connect(8088, filesOptions)
 *   .pipe(upload({ from: 'package.json', to: 'package.json' }))
 *   .subscribe({ error: console.error, complete: () => server.unsubscribe() });
 * ```
 */
export function upload({ from, to, ...options }: UploadOptions): OperatorFunction<BodyConnection, Progress> {
  const { idleTimeoutMs } = filesSettings(options);
  return converse((conn) =>
    reporting(async (report) => {
      const handle = await regular(await open(from, O_RDONLY | (O_NONBLOCK ?? 0))); // a pipe would be waited for
      const dialogue = new Dialogue(conn, idleTimeoutMs);
      try {
        const source = new Source(handle, (await handle.stat()).size);
        await dialogue.say({ type: 'upload-request', size: source.size, path: to, isOurs: true });
        const { held } = await dialogue.hearAfter(source.size, 'confirmed');
        const done = await give(dialogue, source, held, report);
        await dialogue.hear('confirmed');
        if (held) report(done);
      } finally {
        await dialogue.farewell({ type: 'close' });
        await handle.close();
      }
    }),
  );
}
