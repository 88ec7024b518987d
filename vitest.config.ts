import { defineConfig } from 'vitest/config';
import { doors, reporters } from './vitest.shared.js';

export default defineConfig({
  resolve: { alias: doors },
  test: {
    include: ['spec/**/*.spec.ts'],
    testTimeout: 20_000,
    reporters,
  },
});
