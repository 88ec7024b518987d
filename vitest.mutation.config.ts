import { defineConfig } from 'vitest/config';
import { doors } from './vitest.shared.js';

/** What `npm run mutation` runs against each change of the framing room: the specs that are about bytes, and none that take seconds. */
export default defineConfig({
  resolve: { alias: doors },
  test: {
    include: ['spec/framing/**/*.spec.ts', 'spec/bytes/**/*.spec.ts', 'spec/connection/bodies*.spec.ts'],
    exclude: [
      'spec/framing/linear.spec.ts',
      'spec/framing/tinyproto-large.spec.ts',
      'spec/framing/hostile.spec.ts',
    ],
    testTimeout: 20_000,
  },
});
