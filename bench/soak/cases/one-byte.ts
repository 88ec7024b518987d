import { atMost, type Case, type Extent, type Finding, inMiB, inMs, inS, MiB } from '../report.js';
import { onStage } from '../stage.js';

const bytes = 8 * MiB;

async function run(_: Extent): Promise<readonly Finding[]> {
  return onStage({ kind: 'tinyproto' }, async ({ server, to, peers, clean }) => {
    const side = await peers();
    await side.byteByByte({ ...to, bytes: MiB / 8 });
    const before = await server.collected();
    await server.watch();
    const ms = await side.byteByByte({ ...to, bytes });
    const peak = await server.watched();
    return [
      { what: 'there and back in', ours: inS(ms) },
      atMost('array buffers grown', peak.arrayBuffers - before.arrayBuffers, 2 * bytes, inMiB),
      { what: 'resident memory grown', ours: inMiB(peak.rss - before.rss) },
      atMost('longest block of the event loop', peak.blockMs, 50, inMs),
      ...(await clean()),
    ];
  });
}

export const oneByte: Case = {
  name: 'one-byte',
  title: '8 MiB, byte by byte',
  about: 'The largest message, each of its bytes written by itself, and its echo.',
  run,
};
