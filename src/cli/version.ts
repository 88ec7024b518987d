import { readFileSync } from 'node:fs';

/** The version of the package, from where the package is: two folders above this file, in `src` and in `dist` alike. */
export function version(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return String(version);
}
