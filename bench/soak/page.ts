import { section, type Told } from './report.js';

export interface Circumstances {
  readonly machine: string;
  /** Of the last minute, at the end. */
  readonly load: number;
  readonly long: boolean;
}

/** The whole of a run, as docs/soak.md. */
export const page = (told: readonly Told[], { machine, load, long }: Circumstances): string =>
  `# Many, bad, and for long

What a server of this library costs and bears, beside a bare \`net\` server on the same machine: written by \`npm run soak\`${long ? ' -- --long' : ''}, not by hand.
The server has a process of its own, the peers have others, and all of it goes over loopback. Waits are as good as the machine is idle: its load was ${load.toFixed(1)} at the end.

${machine} · Node ${process.version} · ${process.platform} · ${new Date().toISOString().slice(0, 10)}

${told.map(section).join('\n')}`;
