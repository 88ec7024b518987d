import type { Plugin } from 'vite';
import { atItsLine, root, runnableFencesOf } from './docs-fences.js';

/**
 * Lets Vitest run a Markdown page as a test file: `docs/guide.md` becomes a suite, and each `ts` fence in it a module of its own
 * (`docs/guide.md?fence=3&lang.ts`), run in order. A page is one module graph, so its fences share one virtual network.
 * The examples in docstrings are modules in the same way (`src/server/serve.ts?fence=0&lang.ts`).
 */
export function docsPages(): Plugin {
  return {
    name: 'docs-pages',
    enforce: 'pre',
    load(id) {
      const [path = '', query = ''] = id.split('?');
      if (!path.startsWith(root)) return undefined;
      const page = path.slice(root.length);

      const [, index] = /^fence=(\d+)/.exec(query) ?? [];
      if (index !== undefined) {
        const fence = runnableFencesOf(page)[Number(index)];
        return fence && { code: atItsLine(fence), map: null };
      }
      return page.endsWith('.md') ? { code: suiteOf(page), map: null } : undefined;
    },
  };
}

function suiteOf(page: string): string {
  const runner = JSON.stringify(`${root}spec/helpers/docs-page.ts`);
  return `import { runFences } from ${runner};\nrunFences(${JSON.stringify(page)});\n`;
}
