import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { docstringsOf, fencesOf, pages, root, runnableFencesOf, sources } from '../helpers/docs-fences.js';

// The pages themselves are test files: the project `docs` of vitest.config.ts runs them. This spec holds that none of their code is left out,
// and that a page which does wrong fails.

describe('the pages', () => {
  it('have all of their code in ts fences, which are run', () => {
    const alike = /^(typescript|mts|cts|tsx|javascript|js|mjs|cjs|jsx)$/i;
    const others = pages().flatMap((page) =>
      fencesOf(readFileSync(`${root}${page}`, 'utf8'))
        .filter(({ language }) => alike.test(language))
        .map(({ line, language }) => `${page}:${line} is ${language}, not ts`),
    );
    expect(others).toEqual([]);
  });
});

describe('the docstrings', () => {
  it('have each example in a ts fence, which is run', () => {
    const bare = sources().flatMap((source) => {
      const lines = docstringsOf(readFileSync(`${root}${source}`, 'utf8')).split('\n');
      const runs = new Set(runnableFencesOf(source).map(({ line }) => line));
      return lines.flatMap((line, index) =>
        line.startsWith('@example') && !runs.has(index + 3) ? [`${source}:${index + 1}`] : [],
      );
    });
    expect(bare).toEqual([]);
  });
});

describe('fencesOf', () => {
  it('finds each fence with its language and the line of its first code', () => {
    expect(fencesOf('a\n```ts title="x"\n1\n2\n```\n~~~sh\n3\n~~~\n```\n4\n```')).toEqual([
      { language: 'ts', line: 3, text: '1\n2' },
      { language: 'sh', line: 7, text: '3' },
      { language: '', line: 10, text: '4' },
    ]);
  });

  it('takes the indent of a fence in a list off its code', () => {
    expect(fencesOf('1. a\n   ```ts\n   if (a)\n     b();\n\n   ```')).toEqual([
      { language: 'ts', line: 3, text: 'if (a)\n  b();\n' },
    ]);
  });

  it('closes a fence only with a marker as long as its own', () => {
    expect(fencesOf('````md\n```ts\n1\n```\n````')).toEqual([
      { language: 'md', line: 2, text: '```ts\n1\n```' },
    ]);
  });

  it('reports a fence that is never closed', () => {
    expect(() => fencesOf('a\n```ts\n1')).toThrow('the fence that begins on line 2 is never closed');
  });
});

describe('docstringsOf', () => {
  it('keeps what docstrings say, on its lines, and nothing else', () => {
    const source =
      'a();\n/**\n * Says.\n *\n * ```ts\n *   b();\n * ```\n */\nc(); /* no */\n  /** One line. */\nd();';
    expect(docstringsOf(source)).toBe('\n\nSays.\n\n```ts\n  b();\n```\n\n\nOne line.\n');
  });
});

describe('a page', () => {
  it('runs its fences in order, and names those that leave an error', async () => {
    const [whole, next, thrown, unhandled, rejected, later, awaited, tests] = runnableFencesOf(
      'spec/house/fixtures/page.md',
    ).map(({ line }) => `spec/house/fixtures/page.md:${line}`);

    expect(await outcomes('spec/house/fixtures/vitest.config.ts')).toEqual([
      [whole, 'passed'],
      [next, 'passed'],
      [thrown, `Error: ${thrown} threw: Error: thrown at once`],
      [unhandled, `Error: ${unhandled} left unhandled: Error: without a handler`],
      [rejected, `Error: ${rejected} left unhandled: Error: rejected`],
      [later, `Error: ${later} left unhandled: Error: thrown later`],
      [awaited, `Error: ${awaited} threw: Error: awaited`],
      [`${tests} passes`, 'passed'],
      [`${tests} fails`, 'AssertionError: expected 1 to be 2 // Object.is equality'],
      [`${tests} leaves something`, `Error: ${tests} left unhandled: Error: from a test`],
    ]);
  });
});

/** Runs Vitest apart, and tells of each test how it ended: with `passed`, or with the first line of its error. */
function outcomes(config: string): Promise<[string, string][]> {
  const command = [`${root}node_modules/vitest/vitest.mjs`, 'run', '--config', config, '--reporter=json'];
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      command,
      { cwd: root, env: { ...process.env, VITEST: '' } },
      (_, stdout, stderr) => {
        const start = stdout.indexOf('{');
        if (start < 0) return reject(new Error(`no report:\n${stdout}${stderr}`));
        const report: Report = JSON.parse(stdout.slice(start));
        const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
        resolve(tests.map((test) => [test.fullName, test.failureMessages[0]?.split('\n')[0] ?? test.status]));
      },
    );
  });
}

interface Report {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}
