import { describe, expect, it } from 'vitest';
import { allConfigurations } from '../helpers/handshake-configs.js';
import { Exploration, type Report } from '../helpers/handshake-explore.js';

/**
 * Two real machines, and every order in which anything can happen between them. What must get stuck (nobody consumes; more circulates than both inboxes hold)
 * must be found stuck, and held both ways, so that a deadline ends it.
 */
describe('two tinyproto machines, in every order of events', () => {
  const reports: Report[] = [];

  it.each(allConfigurations().map((config) => [config.name, config] as const))('%s', (_, config) => {
    const report = new Exploration(config).run();
    reports.push(report);
    expect(report.violation).toBeUndefined();
    expect(report.stuck > 0).toBe(config.expect === 'stall');
    expect(report.collisions > 0).toBe(config.expect === 'collision');
    if (config.exact) expect(report.most).toEqual(config.bound);
  });

  it('were led through all configurations and 1.5 million states', () => {
    expect(reports).toHaveLength(allConfigurations().length);
    expect(reports.reduce((sum, report) => sum + report.states, 0)).toBeGreaterThan(1_500_000);
  });
});
