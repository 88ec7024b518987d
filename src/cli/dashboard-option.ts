import { from, map, type Observable } from 'rxjs';
import type { Dashboard } from '../dashboard/index.js';
import { numberOf, type OptionTable } from './options.js';

export const dashboardOptions = {
  dashboard: {
    type: 'string',
    value: 'PORT',
    help: 'shows the connections as marbles, on a page of this machine; port 0 lets the system choose',
  },
} as const satisfies OptionTable;

/** The dashboard that was asked for. It is loaded then: it needs the package `ws`, which others can do without. */
export function dashboardOf(written: string | undefined): Observable<Dashboard> | undefined {
  const port = numberOf('dashboard', written, 0);
  if (port === undefined) return undefined;
  return from(import('../dashboard/index.js')).pipe(map(({ dashboard }) => dashboard({ port })));
}
