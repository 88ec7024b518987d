import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { docsPages } from './spec/helpers/docs-plugin.js';
import { doors, reporters } from './vitest.shared.js';

const examples = fileURLToPath(new URL('./examples/', import.meta.url));
const docsIndex = fileURLToPath(new URL('./spec/helpers/docs-index.ts', import.meta.url));
const docsNats = fileURLToPath(new URL('./spec/helpers/docs-nats.ts', import.meta.url));
const docsCluster = fileURLToPath(new URL('./spec/helpers/docs-cluster.ts', import.meta.url));
const docsNodeCluster = fileURLToPath(new URL('./spec/helpers/docs-node-cluster.ts', import.meta.url));
const docsWebSocket = fileURLToPath(new URL('./spec/helpers/docs-websocket.ts', import.meta.url));

export default defineConfig({
  test: {
    reporters,
    // Much of what the specs do is waiting, and Vitest would leave one of two cores idle.
    maxWorkers: 3,
    // `npm run coverage`: of what parses bytes that a stranger has sent, every branch is taken by some spec.
    coverage: {
      include: ['src/bytes/**', 'src/framing/**'],
      reporter: ['text'],
      thresholds: { branches: 100 },
    },
    projects: [
      {
        resolve: { alias: doors },
        // Not isolated: a process and RxJS anew for each of a hundred files are a quarter of the time. A spec therefore leaves nothing behind.
        // A busy machine is slow, and what is polled for comes all the same.
        test: {
          name: 'spec',
          expect: { poll: { timeout: 10_000 } },
          include: ['spec/**/*.spec.ts'],
          testTimeout: 20_000,
          isolate: false,
        },
      },
      {
        // The pages and the examples in docstrings, run as they are written. Their package listens and connects in memory: any host, port or path is free.
        plugins: [docsPages()],
        oxc: { decorator: { legacy: true } }, // a page has no tsconfig.json above it that says so
        resolve: {
          alias: [
            { find: /^rx-tinyproto$/, replacement: docsIndex },
            { find: /^rx-tinyproto\/websocket$/, replacement: docsWebSocket },
            { find: /^examples\//, replacement: examples },

            { find: /^rx-tinyproto\/nats$/, replacement: docsNats },
            { find: /^rx-tinyproto\/cluster$/, replacement: docsCluster },
            { find: /^node:cluster$/, replacement: docsNodeCluster },
            ...doors,
          ],
        },
        test: { name: 'docs', include: ['README.md', 'docs/**/*.md', 'spec/house/docstrings.ts'] },
      },
    ],
  },
});
