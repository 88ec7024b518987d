import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as chai from 'chai';

// The part of Vitest that contracts use, for a page: tests are collected, then run one after the other.

for (const plugin of [JestExtend, JestChaiExpect, JestAsymmetricMatchers]) chai.use(plugin);

export const { expect } = chai;

type Work = () => unknown;
interface Test {
  readonly name: string;
  readonly work: Work;
  readonly before: readonly Work[];
  readonly after: readonly Work[];
}

const tests: Test[] = [];
let names: readonly string[] = [];
let before: readonly Work[] = [];
let after: readonly Work[] = [];

export function describe(name: string, body: () => void): void {
  const outside = { names, before, after };
  names = [...names, name];
  body();
  ({ names, before, after } = outside);
}

export const beforeEach = (work: Work) => {
  before = [...before, work];
};
export const afterEach = (work: Work) => {
  after = [work, ...after];
};
export const it = (name: string, work: Work) => {
  tests.push({ name: [...names.slice(1), name].join(' '), work, before, after });
};

/** What became of each test: nothing, if it passed. */
export async function runAll(skip: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const results: Record<string, string> = {};
  for (const { name, work, before: first, after: last } of tests) {
    results[name] = name in skip ? 'skipped' : await verdict([...first, work], last);
  }
  return results;
}

async function verdict(works: readonly Work[], last: readonly Work[]): Promise<string> {
  const late = new Promise((_, fail) => setTimeout(() => fail(new Error('took more than 40 s')), 40_000));
  const inOrder = async (all: readonly Work[]) => {
    for (const work of all) await Promise.race([work(), late]);
  };
  let said = 'passed';
  for (const all of [works, last]) {
    await inOrder(all).catch((error: Error) => {
      if (said === 'passed') said = `failed: ${error.message}`;
    });
  }
  return said;
}
