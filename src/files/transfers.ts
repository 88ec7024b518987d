import type { Dialogue } from './dialogue.js';
import { FileError } from './file-error.js';
import type { Landing } from './landing.js';
import type { Held } from './letters.js';
import type { Progress } from './options.js';
import type { Source } from './source.js';

type Report = (progress: Progress) => void;

/** All of a file, and its hash. */
export type Done = Required<Progress>;

/** Sends a file to a side that has so much of it, or that knows nothing of going on (`held` absent); with both ours, its hash follows it. */
export async function give(
  dialogue: Dialogue,
  source: Source,
  held: Held | undefined,
  report: Report = () => {},
): Promise<Done> {
  const resumedFrom = held ? await source.skip(held) : 0;
  const { size } = source;
  let bytes = resumedFrom;
  if (held) await dialogue.say({ type: 'resume-from', offset: resumedFrom });
  report({ bytes, size, resumedFrom });
  await dialogue.send(source, (more) => {
    bytes += more;
    report({ bytes, size, resumedFrom });
  });
  const sha256 = source.digest();
  if (held) await dialogue.say({ type: 'checksum', sha256 });
  return { bytes, size, resumedFrom, sha256 };
}

/** Takes a file of that size and puts it into its place; with both ours, only if its hash is that of what was sent. */
export async function take(
  dialogue: Dialogue,
  landing: Landing,
  size: number,
  isOurs: boolean,
  report: Report = () => {},
): Promise<Done> {
  const resumedFrom = isOurs ? (await dialogue.hearAfter(landing.held.bytes, 'resume-from')).offset : 0;
  await landing.startAt(resumedFrom);
  let bytes = resumedFrom;
  report({ bytes, size, resumedFrom });
  await dialogue.receive(size - resumedFrom, landing, (more) => {
    bytes += more;
    report({ bytes, size, resumedFrom });
  });
  const sha256 = landing.digest();
  if (isOurs && (await dialogue.hear('checksum')).sha256 !== sha256) {
    await landing.discard();
    throw new FileError('wrong-hash', 'The file that came is not the one that was sent');
  }
  await landing.place();
  return { bytes, size, resumedFrom, sha256 };
}
