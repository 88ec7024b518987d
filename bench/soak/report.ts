/** What a case has found. */
export interface Finding {
  readonly what: string;
  readonly ours: string;
  /** The same with bare sockets, on the same machine. */
  readonly floor?: string;
  /** What must be true, in words; absent for what is only told. */
  readonly bound?: string;
  readonly holds?: boolean;
}

export interface Case {
  readonly name: string;
  readonly title: string;
  /** What happens, in a sentence or two. */
  readonly about: string;
  readonly run: (extent: Extent) => Promise<readonly Finding[]>;
}

/** How much of it, and for how long at most. */
export interface Extent {
  readonly long: boolean;
  /** How often good peers are looked at beside bad ones; the medians count. */
  readonly rounds: number;
  /** What the whole run may take, in milliseconds, and a case at most. */
  readonly leftMs: () => number;
}

export interface Told {
  readonly of: Case;
  readonly findings: readonly Finding[];
  readonly seconds: number;
}

export const MiB = 1 << 20;
export const inMiB = (bytes: number): string => `${(bytes / MiB).toFixed(1)} MiB`;
export const inKiB = (bytes: number): string => `${(bytes / 1_024).toFixed(1)} KiB`;
export const inMs = (ms: number): string => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
export const inS = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** A number that has a bound. */
export function atMost(
  what: string,
  value: number,
  most: number,
  unit: (value: number) => string,
  floor?: number,
): Finding {
  return {
    what,
    ours: unit(value),
    ...(floor !== undefined && { floor: unit(floor) }),
    bound: `at most ${unit(most)}`,
    holds: value <= most,
  };
}

/** Something that is so, or is not. */
export const exactly = (what: string, value: string | number, expected: string | number): Finding => ({
  what,
  ours: String(value),
  bound: String(expected),
  holds: String(value) === String(expected),
});

const row = ({ what, ours, floor = '', bound = '', holds }: Finding) =>
  `| ${what} | ${ours} | ${floor} | ${bound} | ${holds === undefined ? '' : holds ? 'yes' : '**no**'} |`;

/** A case as the page shows it. */
export const section = ({ of: { name, title, about }, findings, seconds }: Told): string =>
  [
    `## ${title}`,
    '',
    `${about} (\`--case ${name}\`, ${seconds.toFixed(0)} s)`,
    '',
    '| | measured | bare sockets | must be | holds |',
    '| --- | --- | --- | --- | --- |',
    // Each round finds anew that nothing is left.
    ...new Set(findings.map(row)),
    '',
  ].join('\n');
