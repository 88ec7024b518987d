import { beforeAll, describe, vi } from 'vitest';
import { sourcesWithExamples } from '../helpers/docs-fences.js';
import { runFences } from '../helpers/docs-page.js';

// Runs the examples in the docstrings, those of each source in a module graph, and so on a network, of their own.
// A test file of the project `docs`: vitest.config.ts names it.

for (const source of sourcesWithExamples()) {
  describe(source, () => {
    beforeAll(() => {
      vi.resetModules();
    });
    runFences(source);
  });
}
