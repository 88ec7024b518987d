import { statSync } from 'node:fs';
import { join } from 'node:path';
import {
  catchError,
  concat,
  concatMap,
  EMPTY,
  last,
  type Observable,
  type OperatorFunction,
  throwError,
} from 'rxjs';
import type { ConnectOptions } from '../client/connect.js';
import type { BodyConnection } from '../connection/connection.js';
import { download, filesOptions, type Progress, upload } from '../files/index.js';
import { connect } from '../index.js';
import { command } from './command.js';
import { interruptible } from './endings.js';
import type { ExitCode } from './exit-codes.js';
import { drawn, inBytes } from './progress-line.js';
import { lastName, type Place, placeOf } from './remote-path.js';
import type { Stage } from './stage.js';
import { clientTls, tlsClientOptions } from './tls-option.js';
import { UsageError } from './usage-error.js';
import { visible } from './visible.js';

const options = {
  ...tlsClientOptions,
  overwrite: { type: 'boolean', help: 'replaces local files that exist' },
  quiet: { type: 'boolean', short: 'q', help: 'prints nothing' },
} as const;

export const cpCommand = command({
  name: 'cp',
  operands: 'SOURCES… DESTINATION',
  summary: 'copies files to or from a server of files: one of `serve-files`, or of tpft',
  options,
  more: `A place on a server is HOST:PORT:PATH, below the root of that server; the host is 127.0.0.1 where there is
none, the port 8088. Several files go to a folder. A copy that breaks off leaves nothing under the final
name; said again, it goes on where it was, if the server is ours, and the SHA-256 of the whole is compared.`,
  examples: [
    ['rx-tinyproto cp backup.tar 127.0.0.1:8088:backup.tar', 'sends a file'],
    ['rx-tinyproto cp :8088:backup.tar .', 'gets it'],
    ['rx-tinyproto cp *.jpg example.org:8088:photos/', 'sends several into a folder that exists there'],
  ],
  run(values, operands, stage) {
    const { overwrite = false, quiet = false } = values;
    const road = { ...filesOptions, ...clientTls(values), transport: stage.transport };
    const copies = copiesOf(operands, overwrite);
    const all$ = concat(...copies.map((copy) => copied(copy, road, quiet, stage)));
    return all$.pipe(interruptible(stage));
  },
});

type Road = typeof filesOptions & Pick<ConnectOptions, 'transport' | 'tls'>;

/** One file on its way. */
interface Copy {
  readonly name: string;
  readonly address: { readonly host: string; readonly port: number };
  readonly transfer: OperatorFunction<BodyConnection, Progress>;
}

function copied(
  { name, address, transfer }: Copy,
  road: Road,
  quiet: boolean,
  stage: Stage,
): Observable<ExitCode> {
  const { out } = stage;
  return connect(address, road).pipe(
    transfer,
    drawn(visible(name), stage),
    last(),
    catchError((error) => throwError(() => about(name, error))),
    concatMap(({ size, resumedFrom, sha256 }) => {
      const from = resumedFrom > 0 ? `, from ${inBytes(resumedFrom)} on` : '';
      const hash = sha256 ? `, sha256 ${sha256}` : '';
      return quiet ? EMPTY : out.write(`${visible(name)}, ${size} bytes${from}${hash}\n`);
    }),
  );
}

/** The same error, which says what file it is about. */
function about(name: string, error: unknown): unknown {
  if (error instanceof Error) error.message = `${name}: ${error.message}`;
  return error;
}

function copiesOf(operands: readonly string[], overwrite: boolean): Copy[] {
  const places = operands.map(placeOf);
  const destination = places.at(-1);
  const sources = places.slice(0, -1);
  if (destination === undefined || sources.length === 0)
    throw new UsageError('cp needs a source and a destination');
  return sources.map((source) => copyOf(source, destination, sources.length > 1, overwrite));
}

function copyOf(source: Place, destination: Place, isOneOfMany: boolean, overwrite: boolean): Copy {
  const name = lastName(source.path);
  if ('address' in destination && !('address' in source)) {
    const isFolder = isOneOfMany || destination.path === '' || destination.path.endsWith('/');
    const folder = destination.path.replace(/\/+$/, '');
    const to = isFolder ? [folder, name].filter(Boolean).join('/') : destination.path;
    return { name, address: destination.address, transfer: upload({ from: source.path, to }) };
  }
  if ('address' in source && !('address' in destination)) {
    const to =
      isOneOfMany || isFolderHere(destination.path) ? join(destination.path, name) : destination.path;
    return { name, address: source.address, transfer: download({ from: source.path, to, overwrite }) };
  }
  throw new UsageError(
    'cp copies from here to a server, or from a server to here: one side is HOST:PORT:PATH',
  );
}

const isFolderHere = (path: string): boolean =>
  path.endsWith('/') || (statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false);
