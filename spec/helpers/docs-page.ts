import { config } from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, vi } from 'vitest';
import { declaresTests, root, runnableFencesOf } from './docs-fences.js';

/** How long a fence may go on doing things before the next one runs. What goes wrong in that time is its fault. */
const settleMs = 40;

/** What nobody handled since the last fence, and what the fence has printed. */
let unhandled: unknown[] = [];
let printed: string[] = [];

const noteUnhandled = (error: unknown): void => {
  unhandled.push(error);
};

beforeAll(() => {
  config.onUnhandledError = noteUnhandled;
  process.on('unhandledRejection', noteUnhandled);
  process.on('uncaughtException', noteUnhandled);
});

afterAll(() => {
  config.onUnhandledError = null;
  process.off('unhandledRejection', noteUnhandled);
  process.off('uncaughtException', noteUnhandled);
});

beforeEach(() => {
  printed = [];
  for (const method of ['log', 'info', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation((...words) => {
      printed.push(words.map(String).join(' '));
    });
  }
});

afterEach(() => {
  vi.restoreAllMocks();
});

/** Runs the fences of a page, or of the docstrings of a source, in order. */
export function runFences(page: string): void {
  const fences = runnableFencesOf(page);
  if (fences.length === 0) it(`${page} has no code`, () => {}); // a suite without a test would be a failure
  fences.forEach((fence, index) => {
    const load = () => import(/* @vite-ignore */ `${root}${page}?fence=${index}&lang.ts`);
    (declaresTests(fence) ? declareFence : runFence)(`${page}:${fence.line}`, load);
  });
}

/** A fence that does things: it runs when its turn comes, and must leave no error behind. */
function runFence(place: string, load: () => Promise<unknown>): void {
  it(place, async () => {
    await load().catch((error) => {
      throw failure(place, 'threw', [error]);
    });
    await settled(place);
  });
}

/** A fence that declares tests: they run as any others. */
function declareFence(place: string, load: () => Promise<unknown>): void {
  describe(place, async () => {
    await load();
    afterEach(() => settled(place));
  });
}

async function settled(place: string): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  if (unhandled.length === 0) return;
  const errors = unhandled;
  unhandled = [];
  throw failure(place, 'left unhandled', errors);
}

function failure(place: string, did: string, errors: readonly unknown[]): Error {
  const output = printed.length > 0 ? `\nprinted before:\n  ${printed.join('\n  ')}` : '';
  return new Error(`${place} ${did}: ${errors.map(String).join('; ')}${output}`, { cause: errors[0] });
}
