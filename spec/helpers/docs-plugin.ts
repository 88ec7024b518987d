import type { Plugin } from 'vite';
import { atItsLine, declaresTests, root, runnableFencesOf } from './docs-fences.js';

/**
 * Lets Vitest run a Markdown page as a test file: `docs/guide.md` becomes a suite, each `ts` fence in it a module of its own
 * (`docs/guide.md?fence=3&lang.ts`), run in order. A page is one module graph, so its fences share one virtual network.
 */
export function docsPages(): Plugin {
  return {
    name: 'docs-pages',
    enforce: 'pre',
    load(id) {
      const [path = '', query = ''] = id.split('?');
      if (!path.endsWith('.md') || !path.startsWith(root)) return undefined;
      const page = path.slice(root.length);
      const fences = runnableFencesOf(page);

      const [, index] = /^fence=(\d+)/.exec(query) ?? [];
      if (index !== undefined) {
        const fence = fences[Number(index)];
        return fence && { code: atItsLine(fence), map: null };
      }

      const suites = fences.map((fence, at) => {
        const run = `() => import(${JSON.stringify(`${path}?fence=${at}&lang.ts`)})`;
        return `${declaresTests(fence) ? 'declareFence' : 'runFence'}(${JSON.stringify(`${page}:${fence.line}`)}, ${run});`;
      });
      const runner = JSON.stringify(`${root}spec/helpers/docs-page.ts`);
      return { code: [`import { declareFence, runFence } from ${runner};`, ...suites].join('\n'), map: null };
    },
  };
}
