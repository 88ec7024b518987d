import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The doors of the package, resolved to the sources: what `paths` in tsconfig.json says, said to Vite. Exact matches, longest first. */
export const doors = [
  { find: /^rx-tinyproto\/testing$/, replacement: at('./src/testing/index.ts') },
  { find: /^rx-tinyproto\/transport$/, replacement: at('./src/transport/index.ts') },
  { find: /^rx-tinyproto$/, replacement: at('./src/index.ts') },
];
