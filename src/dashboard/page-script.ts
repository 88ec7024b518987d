import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { catchError, defer, from, map, type Observable, switchMap } from 'rxjs';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The page's script: the package has it beside this file. Of the sources it is made when it is wanted. */
export const script$: Observable<string> = defer(() => readFile(at('./page.js'), 'utf8')).pipe(
  catchError(() => made$),
);

const made$ = defer(() => from(import('esbuild'))).pipe(
  switchMap(({ build }) =>
    build({
      entryPoints: [at('./page/main.ts')],
      bundle: true,
      minify: true,
      format: 'esm',
      platform: 'browser',
      write: false,
    }),
  ),
  map(({ outputFiles }) => outputFiles[0]?.text ?? ''),
);
