import { type Bad, beside, cutAll, grown, latencies, unhurt, why } from '../beside.js';
import { atMost, type Case, type Extent, exactly, type Finding, inMiB, inS, MiB } from '../report.js';

const count = 1_000;
const deadlineMs = 6_000;
/** A stream is drawn until half of this waits: by default that were 8 MiB for each. */
const maxQueuedBytes = 131_072;
/** What is in hand for each: half of the queue and a message, and 64 KiB on their way to the kernel. */
const budget = count * (maxQueuedBytes / 2 + 16_384 + 65_536);

const streams: Bad = {
  how: 'never-reads',
  count,
  kind: 'lengthPrefixed',
  size: 0,
  // Behind it, each frees memory of the kernel's, which then takes more of the others: what counts here is the stall of each.
  cutWithinMs: 2 * deadlineMs,
  options: { floods: true, writeTimeoutMs: deadlineMs, maxQueuedBytes },
};
const handshakes: Bad = {
  ...streams,
  kind: 'tinyproto',
  cutWithinMs: deadlineMs + 1_000,
  options: { floods: true, okTimeoutMs: deadlineMs, maxQueuedBytes },
};

async function runStreams(extent: Extent): Promise<readonly Finding[]> {
  const floor = await beside({ ...streams, kind: 'bare' });
  const ours = await beside(streams);
  const each = ({ flooded }: typeof ours) => `${inMiB(flooded / count)} each`;
  return [
    exactly('bad peers that were cut', ours.cut.count, count),
    { what: 'the road took', ours: each(ours), floor: each(floor) },
    atMost(
      'the last of them, since it took the last of that',
      ours.longestStallMs,
      deadlineMs + 1_000,
      inS,
      floor.longestStallMs,
    ),
    { what: 'since it came', ours: inS(ours.cut.last), floor: inS(floor.cut.last) },
    why(ours.failures),
    grown(ours, budget + 32 * MiB),
    ...latencies(ours, floor),
    ...(await unhurt(streams, ours, extent)),
  ];
}

async function runHandshakes(extent: Extent): Promise<readonly Finding[]> {
  const measured = await beside(handshakes);
  return [
    ...cutAll(measured, handshakes),
    grown(measured, budget + 32 * MiB),
    ...latencies(measured),
    ...(await unhurt(handshakes, measured, extent)),
  ];
}

export const neverRead: Case = {
  name: 'never-read',
  title: '1,000 that never read, with a length prefix',
  about: `Each asks for an endless stream of messages of 16 KiB, and reads none of it. \`writeTimeoutMs\` is ${deadlineMs}, \`maxQueuedBytes\` 128 KiB. While they come the kernel takes what it can, for a thousand sockets on loopback more than a GiB; when some are cut it may take more of the others, whose time begins anew. Their kernel, which here is the server’s, too, has work with all that: with \`net.ipv4.tcp_rmem\` at 64 KiB at most, the good ones waited 0.97 times as long as alone, and 1.02 times with bare sockets.`,
  run: runStreams,
};

export const neverAnswer: Case = {
  name: 'never-answer',
  title: '1,000 that never read, with tinyproto',
  about: `The same: the first header is never answered. In full duplex that is flow control and may last, so \`okTimeoutMs\` is ${deadlineMs} here; without it they stay, and cost what an idle connection does.`,
  run: runHandshakes,
};
