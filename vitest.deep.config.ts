import { defineConfig } from 'vitest/config';
import { doors, reporters } from './vitest.shared.js';

/** Long searches and big transfers: whole state spaces, every cut, 64 MiB messages. Minutes, not seconds. */
export default defineConfig({
  resolve: { alias: doors },
  test: {
    include: ['spec/**/*.deep.ts'],
    testTimeout: 600_000,
    expect: { poll: { timeout: 10_000 } },
    passWithNoTests: true,
    reporters,
    maxWorkers: 2,
  },
});
