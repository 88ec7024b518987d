import { ignoreElements, takeUntil, tap } from 'rxjs';
import { type FileEvent, filesOptions, serveFiles } from '../files/index.js';
import { listen } from '../index.js';
import { formatAddress } from '../transport/address.js';
import type { BoundAddress } from '../transport/transport.js';
import { inked } from './colors.js';
import { command } from './command.js';
import { errorLine } from './error-line.js';
import { wholeOf } from './options.js';
import { inBytes } from './progress-line.js';
import { defaultPort } from './remote-path.js';
import { type Output, type Stage, tell } from './stage.js';
import { addressOf } from './talk.js';
import { serverTls, tlsServerOptions } from './tls-option.js';
import { UsageError } from './usage-error.js';
import { visible } from './visible.js';

const options = {
  'allow-upload': { type: 'boolean', help: 'clients may write new files; otherwise they may only read' },
  overwrite: { type: 'boolean', help: 'and replace those that exist' },
  'max-bytes': { type: 'string', value: 'BYTES', help: 'the largest file that is taken (default 1 TiB)' },
  listen: {
    type: 'string',
    short: 'l',
    multiple: true,
    value: 'ADDRESS',
    help: `where to listen (default 127.0.0.1:${defaultPort}); may be said several times`,
  },
  unix: { type: 'boolean', short: 'U', help: 'addresses are paths of Unix sockets' },
  'max-connections': {
    type: 'string',
    value: 'N',
    help: 'how many clients there may be at once (default 64)',
  },
  ...tlsServerOptions,
  quiet: { type: 'boolean', short: 'q', help: 'prints nothing' },
} as const;

export const serveFilesCommand = command({
  name: 'serve-files',
  operands: 'FOLDER',
  summary: 'serves the files below a folder to `cp`, and to tpft',
  options,
  more: `Nothing outside of the folder is read or written: paths that are absolute or hold '..', symbolic links,
devices and pipes are refused. Whoever reaches the address may read, so it is this machine alone unless
--listen says otherwise; --tls-ca lets in only those who have a certificate of that authority.`,
  examples: [
    ['rx-tinyproto serve-files ~/public', 'reading only, on 127.0.0.1:8088'],
    ['rx-tinyproto serve-files inbox --allow-upload --max-bytes 1e9', 'takes new files of up to 1 GB'],
    ["rx-tinyproto serve-files public --listen '*:8088' --listen /run/files.sock", 'for the whole network'],
  ],
  run(values, operands, stage) {
    const [folder, ...rest] = operands;
    if (folder === undefined || rest.length > 0) throw new UsageError('serve-files needs one folder');
    const { overwrite = false, quiet = false } = values;
    const allowUpload = values['allow-upload'] ?? false;
    if (overwrite && !allowUpload) throw new UsageError('--overwrite needs --allow-upload');
    const maxFileBytes = wholeOf('max-bytes', values['max-bytes'], 1) ?? 2 ** 40;
    const openObserver = {
      next: (bound: readonly BoundAddress[]) => {
        for (const address of quiet ? [] : bound) tell(stage, `Listening on ${formatAddress(address)}`);
      },
    };
    const addresses = (values.listen ?? [`127.0.0.1:${defaultPort}`]).map((word) => addressOf(word, values));
    return listen(addresses, {
      ...filesOptions,
      ...serverTls(values),
      transport: stage.transport,
      openObserver,
      maxConnections: wholeOf('max-connections', values['max-connections'], 1) ?? 64,
    }).pipe(
      takeUntil(stage.interrupt$),
      serveFiles(folder, { allowUpload, overwrite, maxFileBytes }),
      tap((event) => quiet || told(event, stage)),
      ignoreElements(),
    );
  },
});

function told(event: FileEvent, { out }: Stage): void {
  out.write(`${lineOf(event, out)}\n`).subscribe();
}

/** What became of a request, in one line, in which nothing that came from outside can do harm. */
function lineOf({ what, path, remote, progress, error }: FileEvent, out: Output): string {
  const line = `${formatAddress(remote)} ${what} ${visible(path.slice(0, 1_024))}`;
  if (error) return inked(out, 'yellow', `${line}: ${errorLine(error)}`);
  if (!progress) return line;
  const from = progress.resumedFrom > 0 ? `, from ${inBytes(progress.resumedFrom)} on` : '';
  return `${line}, ${progress.size} bytes${from}`;
}
