import { type Bad, beside, cutAll, grown, latencies } from '../beside.js';
import { type Case, type Extent, type Finding, MiB } from '../report.js';

const count = 1_000;
const deadlineMs = 4_000;
/** A stream is drawn until half of this waits: by default that were 8 MiB for each. */
const maxQueuedBytes = 131_072;
/** What is in hand for each: half of the queue and a message, and 64 KiB on their way to the kernel. */
const budget = count * (maxQueuedBytes / 2 + 16_384 + 65_536);

const lengthPrefixed: Bad = {
  how: 'never-reads',
  count,
  kind: 'lengthPrefixed',
  size: 0,
  cutWithinMs: deadlineMs + 1_000,
  options: { writeTimeoutMs: deadlineMs, maxQueuedBytes },
};
const tinyproto: Bad = {
  ...lengthPrefixed,
  kind: 'tinyproto',
  options: { okTimeoutMs: deadlineMs, maxQueuedBytes },
};

const run =
  (bad: Bad) =>
  async (_: Extent): Promise<readonly Finding[]> => {
    const measured = await beside(bad);
    return [
      ...cutAll(measured, bad),
      grown(measured, budget + 32 * MiB),
      ...latencies(measured),
      ...measured.clean,
    ];
  };

export const neverRead: Case = {
  name: 'never-read',
  title: '1,000 that never read, with a length prefix',
  about: `Each asks for an endless stream of messages of 16 KiB, and reads none of it. \`writeTimeoutMs\` is ${deadlineMs}, \`maxQueuedBytes\` 128 KiB.`,
  run: run(lengthPrefixed),
};

export const neverAnswer: Case = {
  name: 'never-answer',
  title: '1,000 that never read, with tinyproto',
  about: `The same: the first header is never answered. In full duplex that is flow control and may last, so \`okTimeoutMs\` is ${deadlineMs} here; without it they stay, and cost what an idle connection does.`,
  run: run(tinyproto),
};
