import { type Bad, beside, grown, latencies, unhurt } from '../beside.js';
import { type Case, type Extent, type Finding, inMiB, MiB } from '../report.js';

const bad: Bad = { how: 'announces', count: 1_000, kind: 'tinyproto', size: 8 * MiB };

async function run(extent: Extent): Promise<readonly Finding[]> {
  const measured = await beside(bad);
  const { before, peak } = measured;
  return [
    grown(measured, 16 * MiB),
    { what: 'resident memory grown', ours: inMiB(peak.rss - before.rss) },
    ...latencies(measured),
    ...(await unhurt(bad, measured, extent)),
  ];
}

export const announce: Case = {
  name: 'announce',
  title: '1,000 that announce the largest message and stop',
  about: 'Each sends four bytes that say 8 MiB, and nothing more.',
  run,
};
