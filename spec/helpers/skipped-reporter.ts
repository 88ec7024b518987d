import type { Reporter, TestModule, Vitest } from 'vitest/node';
import './peers.js';

/** Ends a run with the name of each test that did not run, and then says which real peers were missing. */
export class SkippedReporter implements Reporter {
  #filtered = false;

  onInit(vitest: Vitest): void {
    this.#filtered = vitest.config.testNamePattern !== undefined;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    if (this.#filtered) return;
    const skipped = modules.flatMap((module) => [...module.children.allTests('skipped')]);
    if (skipped.length === 0) return;

    console.log(`\n ${skipped.length} skipped:`);
    for (const test of skipped) console.log(`   - ${test.module.relativeModuleId} > ${test.fullName}`);

    const peers = new Map(
      skipped.flatMap((test) => {
        const peer = test.meta().missingPeer;
        return peer ? [[peer.name, peer.reason] as const] : [];
      }),
    );
    if (peers.size === 0) return;
    const each = [...peers].map(([name, reason]) => `${name} (${reason})`);
    console.log(` real peers missing: ${each.join(', ')}`);
  }
}
