import type { RunnerTestCase, RunnerTestFile } from 'vitest';
import type { Reporter, Vitest } from 'vitest/node';

/**
 * For the mutation test: a spec file that cannot even be loaded has noticed the change. Stryker looks at tests only, and such a file has none; so it is given
 * one that has failed.
 */
export class UncollectedReporter implements Reporter {
  #vitest: Vitest | undefined;

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  onTestRunEnd(): void {
    for (const file of this.#vitest?.state.getFiles() ?? [])
      if (file.result?.state === 'fail' && file.result.errors?.length) file.tasks.push(failed(file));
  }
}

function failed(file: RunnerTestFile): RunnerTestCase {
  const { result } = file;
  return { type: 'test', name: 'can be collected', mode: 'run', file, meta: {}, result } as RunnerTestCase;
}
