import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { UncollectedReporter } from './spec/helpers/uncollected-reporter.js';
import { doors } from './vitest.shared.js';

/** What takes longest comes last: most changes are noticed by a spec that takes milliseconds, and the first that notices ends the run. The tables are tinyproto's, and for those every spec runs: so its own are first. */
const LAST = ['length-prefixed', 'json-texts', 'lines', 'tinyproto-original', 'streams', 'tinyproto-sim'];

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const late = LAST.findIndex((name) => moduleId.endsWith(`/${name}.spec.ts`));
      return late < 0 && moduleId.includes('/tinyproto') ? -2 : late;
    };
    return [...files].sort((a, b) => place(a) - place(b));
  }
}

/**
 * What `npm run mutation` runs against each change of the framing room: the specs that are about bytes, and none that take seconds. One thread, made anew for
 * each change, so that tables, which are made as a file is loaded, change too.
 */
export default defineConfig({
  resolve: { alias: doors },
  test: {
    include: ['spec/framing/**/*.spec.ts', 'spec/connection/bodies*.spec.ts'],
    exclude: [
      'spec/framing/linear.spec.ts',
      'spec/framing/tinyproto-large.spec.ts',
      'spec/framing/tinyproto-model.spec.ts',
      'spec/framing/hostile.spec.ts',
    ],
    sequence: { sequencer: QuickFirst },
    setupFiles: ['spec/helpers/quick-searches.ts'],
    env: { RX_TINYPROTO_SEEDS: '30' },
    reporters: [new UncollectedReporter()],
    isolate: false,
    testTimeout: 20_000,
  },
});
