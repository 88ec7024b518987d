import { type BodyConnection, backoff, isPermanent, SendError } from 'rx-tinyproto';
import { FileError, type FileEvent, type Progress, serveFiles, upload } from 'rx-tinyproto/files';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  distinctUntilChanged,
  map,
  type Observable,
  type OperatorFunction,
  pipe,
  retry,
  throwError,
  timer,
} from 'rxjs';

/*
 * A folder that takes files, and a sender that no broken road stops: a transfer that fails is begun again, and goes on where it was. Both sides of the transfer are operators
 * on connections, so all that is left to say here is what to print, and when to try again.
 */

/** Takes what comes into a folder, and tells of it. Replaces nothing. */
export function inbox(folder: string): OperatorFunction<BodyConnection, string> {
  return pipe(serveFiles(folder, { allowUpload: true }), map(inWords));
}

function inWords({ what, path, remote, progress, error }: FileEvent): string {
  const size = progress ? `, ${progress.size} bytes` : '';
  const from = progress && progress.resumedFrom > 0 ? `, from ${progress.resumedFrom} on` : '';
  return `${formatAddress(remote)} ${what} ${path}${size}${from}${error ? `: ${error.message}` : ''}`;
}

export interface Sending {
  /** The file, and what it is to be called there. */
  readonly from: string;
  readonly to: string;
  /** Told why it takes another connection. */
  readonly onLost?: (error: Error) => void;
  /** How long to wait after so many failures in a row, in milliseconds. @default backoff() */
  readonly delayMs?: (attempt: number) => number;
}

/** Sends a file over connections that may break, as many as it takes; emits every tenth of it, and its hash. */
export function sender({
  from,
  to,
  onLost,
  delayMs = backoff(),
}: Sending): OperatorFunction<BodyConnection, string> {
  return pipe(
    upload({ from, to }),
    retry({
      delay(error, attempt) {
        if (isFinal(error)) return throwError(() => error);
        onLost?.(error);
        return timer(delayMs(attempt));
      },
      resetOnSuccess: true,
    }),
    tenths(to),
  );
}

/** Whether another attempt would end as this one did: all but what broken roads do. */
function isFinal(error: unknown): boolean {
  if (error instanceof FileError) return error.code !== 'cut-off';
  if (error instanceof SendError) return error.code !== 'connection-closed';
  return isPermanent(error);
}

const tenths = (name: string) => (progress$: Observable<Progress>) =>
  progress$.pipe(
    map(({ bytes, size, sha256 }) => {
      const percent = size === 0 ? 100 : Math.floor((10 * bytes) / size) * 10;
      return sha256 ? `${name}: sha256 ${sha256}` : `${name}: ${percent} %`;
    }),
    distinctUntilChanged(),
  );
