import type { Book } from './book.js';
import type { Report } from './peer.js';
import type { Script } from './suite.js';
import type { Variant } from './variants.js';

/** What of a variant is not as its script has it. */
export function judge(script: Script, { tongue }: Variant, report: Report, book: Book, ms: number): string[] {
  const wrong: string[] = [];
  const { ends, delivers = 'all', sends, sees, lastsMs } = script;
  if (report.wrong !== undefined) wrong.push(`the peer ${report.wrong}`);

  const reason = book.endings[0] ?? 'nothing';
  const allowed = typeof ends === 'string' ? [ends] : ends;
  if (ends !== 'whatever' && !allowed.includes(reason))
    wrong.push(`ends with '${reason}' instead of '${allowed.join("' or '")}'`);

  const { said } = report;
  const { messages } = book;
  const isPrefix =
    messages.length <= said.length &&
    messages.every((each, at) => Buffer.compare(each, said[at] as Uint8Array) === 0);
  if (delivers !== 'whatever' && !isPrefix)
    wrong.push(`delivers ${messages.map(short)} of ${said.map(short)}`);
  const due = delivers === 'all' ? said.length : delivers;
  if (due !== 'prefix' && due !== 'whatever' && messages.length !== due)
    wrong.push(`delivers ${messages.length} messages instead of ${due}`);

  if (sends !== 'any') {
    const { fates } = book;
    const isAsExpected = (at: number) => {
      const expected = sends === undefined ? 'taken' : sends[at];
      return expected instanceof RegExp ? expected.test(fates[at] ?? '') : fates[at] === expected;
    };
    const count = Math.max(fates.length, sends?.length ?? 0);
    if (!Array.from({ length: count }, (_, at) => at).every(isAsExpected))
      wrong.push(`${tongue.name}: sends are ${fates.slice(0, 10)} instead of ${sends ?? 'taken'}`);
  }
  if (sees !== undefined && report.end !== sees) wrong.push(`the peer sees ${report.end} instead of ${sees}`);
  if (lastsMs && (ms < lastsMs[0] || ms > lastsMs[1]))
    wrong.push(`takes ${Math.round(ms)} ms instead of ${lastsMs.join(' to ')}`);
  return wrong;
}

const short = (bytes: Uint8Array) => `${bytes.length}:${Buffer.from(bytes.subarray(0, 8)).toString('hex')}`;
