import { build } from 'esbuild';

/** The script of the dashboard's page, beside the module that serves it: the last step of `npm run build`. */
await build({
  entryPoints: ['src/dashboard/page/main.ts'],
  outfile: 'dist/dashboard/page.js',
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
});
