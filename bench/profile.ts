import { existsSync, readFileSync, writeFileSync } from 'node:fs';

interface Profile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number };
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
  /** In microseconds. */
  readonly startTime: number;
  readonly endTime: number;
}

/** The functions of a `.cpuprofile` by the time spent in them and not in what they call, in the last so many milliseconds. */
export function ranking(file: string, lastMs: number, most = 40): string {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const { nodes, samples, timeDeltas } = profile;
  let left = profile.endTime - profile.startTime;
  const names = new Map(nodes.map(({ id, callFrame }) => [id, nameOf(callFrame)]));
  const self = new Map<string, number>();
  samples.forEach((id, at) => {
    const name = names.get(id) ?? '?';
    const time = timeDeltas[at] ?? 0;
    left -= time;
    if (left < 1_000 * lastMs) self.set(name, (self.get(name) ?? 0) + time);
  });
  const busy = [...self].filter(([name]) => !name.startsWith('(idle)'));
  const all = busy.reduce((sum, [, time]) => sum + time, 0);
  const percent = (time: number) => `${((100 * time) / all).toFixed(1).padStart(5)} %`;
  return busy
    .sort(([, a], [, b]) => b - a)
    .slice(0, most)
    .map(([name, time]) => `${percent(time)}  ${(time / 1_000).toFixed(1).padStart(8)} ms  ${name}`)
    .join('\n');
}

/** Writes the ranking beside the profile. */
export function rank(file: string, lastMs: number): void {
  // A process that did not stop when it was told to has left none.
  if (existsSync(file)) writeFileSync(file.replace(/cpuprofile$/, 'txt'), `${ranking(file, lastMs)}\n`);
}

function nameOf({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string {
  const where = url.replace(/^.*\/(dist|node_modules|\.build)\//, '').replace(/^file:\/\//, '');
  return `${functionName || '(anonymous)'}  ${where}${where ? `:${lineNumber + 1}` : ''}`;
}
