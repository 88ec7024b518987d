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

What a server of this library costs and bears, beside a bare \`net\` server on the same machine: written by \`npm run soak${long ? ' -- --long' : ''}\`, not by hand.

    npm run soak                             all of it, in less than ten minutes, and this page
    npm run soak -- --case idle              one of them; \`--case\` may be said again
    npm run soak -- --long --minutes 60      with a million connections that come and go

The server has a process of its own, the peers have others, and all of it goes over loopback. *Good peers* are 50, each of which says 64 bytes and waits for its echo, again and again: alone for five seconds, then while a thousand
*bad ones* come within two, while those are there, and while they are cut. The idler the machine, the shorter the waits: its load was ${load.toFixed(1)} at the end.

${machine} · Node ${process.version} · ${process.platform} · ${new Date().toISOString().slice(0, 10)}

${told.map(section).join('\n')}`;
