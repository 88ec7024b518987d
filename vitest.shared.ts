import { fileURLToPath } from 'node:url';
import type { ViteUserConfig } from 'vitest/config';
import { SkippedReporter } from './spec/helpers/skipped-reporter.js';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The doors of the package, resolved to the sources: what `paths` in tsconfig.json says, said to Vite. */
export const doors = [
  { find: /^rx-tinyproto$/, replacement: at('./src/index.ts') },
  { find: /^rx-tinyproto\/testing$/, replacement: at('./src/testing/index.ts') },
  { find: /^rx-tinyproto\/testing\/vitest$/, replacement: at('./src/testing/vitest.ts') },
  { find: /^rx-tinyproto\/node$/, replacement: at('./src/node/index.ts') },
  { find: /^rx-tinyproto\/cluster$/, replacement: at('./src/cluster/index.ts') },
  { find: /^rx-tinyproto\/nats$/, replacement: at('./src/nats/index.ts') },
  { find: /^rx-tinyproto\/files$/, replacement: at('./src/files/index.ts') },
  { find: /^rx-tinyproto\/transport$/, replacement: at('./src/transport/index.ts') },
  { find: /^rx-tinyproto\/websocket$/, replacement: at('./src/websocket/index.ts') },
  { find: /^rx-tinyproto\/dashboard$/, replacement: at('./src/dashboard/index.ts') },
];

type Reporters = NonNullable<NonNullable<ViteUserConfig['test']>['reporters']>;

/** `RX_TINYPROTO_RESULTS=file.json` asks for a report to count besides, as `.ci/run` does. */
export const reporters: Reporters = [
  'default',
  new SkippedReporter(),
  ...(process.env.RX_TINYPROTO_RESULTS
    ? [['json', { outputFile: process.env.RX_TINYPROTO_RESULTS }] as const satisfies [string, object]]
    : []),
];
