import { type Bad, beside, cutAll, latencies, unhurt } from '../beside.js';
import type { Case, Extent, Finding } from '../report.js';

const second = 1_000;
const common = { count: 1_000, kind: 'tinyproto' } as const;
const openings: Bad = { ...common, how: 'opening', size: 0, cutWithinMs: 5 * second + second };
const headers: Bad = { ...common, how: 'header', size: 0, cutWithinMs: 5 * second + second };
/** 64 bytes may take 10 s, and would come in 64. */
const payloads: Bad = { ...common, how: 'payload', size: 64, cutWithinMs: 10 * second + second };

const run =
  (bad: Bad) =>
  async (extent: Extent): Promise<readonly Finding[]> => {
    const measured = await beside(bad);
    return [...cutAll(measured, bad), ...latencies(measured), ...(await unhurt(bad, measured, extent))];
  };

const slow = (name: string, what: string, about: string, bad: Bad): Case => ({
  name: `slow-${name}`,
  title: `1,000 that are slow in ${what}`,
  about,
  run: run(bad),
});

export const slowOpening = slow('opening', 'the opening', 'They connect, and say nothing.', openings);
export const slowHeader = slow(
  'header',
  'a header',
  'A byte of a size every two seconds: never idle for longer, and no size is complete in time.',
  headers,
);
export const slowPayload = slow('payload', 'a payload', 'A byte of a message of 64 each second.', payloads);
