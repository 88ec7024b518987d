import { describe, expect, it } from 'vitest';
import { deepConfigurations } from '../helpers/handshake-configs.js';
import { Exploration, type Report } from '../helpers/handshake-explore.js';

describe('two tinyproto machines, in every order of events, with every cut and larger windows', () => {
  const reports: Report[] = [];

  it.each(deepConfigurations().map((config) => [config.name, config] as const))('%s', (_, config) => {
    const report = new Exploration(config).run();
    reports.push(report);
    expect(report.violation).toBeUndefined();
    expect(report.stuck > 0).toBe(config.expect === 'stall');
    expect(report.collisions > 0).toBe(config.expect === 'collision');
    if (config.exact) expect(report.most).toEqual(config.bound);
  });

  it('were led through all configurations and five million states', () => {
    expect(reports).toHaveLength(deepConfigurations().length);
    expect(reports.reduce((sum, report) => sum + report.states, 0)).toBeGreaterThan(5_000_000);
  });
});
