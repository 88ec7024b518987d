import { catchError, from, map, type Observable, throwError } from 'rxjs';
import type { Dashboard } from '../dashboard/index.js';
import { parseAddress } from '../transport/address.js';
import { type OptionTable, wholeOf } from './options.js';

export const dashboardOptions = {
  dashboard: {
    type: 'string',
    value: 'PORT',
    help: 'shows the connections as marbles, on a page of this machine; port 0 lets the system choose',
  },
} as const satisfies OptionTable;

/** The dashboard that was asked for. It is loaded then: it needs the package `ws`, which others can do without. */
export function dashboardOf(written: string | undefined): Observable<Dashboard> | undefined {
  const port = wholeOf('dashboard', written, 0);
  if (port === undefined) return undefined;
  parseAddress({ port }, 'listen');
  return from(import('../dashboard/index.js')).pipe(
    catchError((error) => throwError(() => missing(error))),
    map(({ dashboard }) => dashboard({ port })),
  );
}

function missing(cause: NodeJS.ErrnoException): unknown {
  const isMissing = cause.code === 'ERR_MODULE_NOT_FOUND' && cause.message.includes("'ws'");
  return isMissing ? new Error('--dashboard needs the package `ws`: npm install ws', { cause }) : cause;
}
