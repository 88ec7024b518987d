/** Where a marble test fails. `actual` and `expected` are drawn, for runners that show a difference. */
export class MarbleError extends Error {
  override readonly name = 'MarbleError';
  readonly actual?: string;
  readonly expected?: string;
  /** What Vitest and others ask for, before they show a difference. */
  readonly showDiff: boolean;

  constructor(message: string, { site, actual, expected }: MarbleErrorOptions = {}) {
    super(message);
    this.showDiff = actual !== undefined;
    if (actual !== undefined) this.actual = actual;
    if (expected !== undefined) this.expected = expected;
    if (site) this.stack = `${this.name}: ${message}\n${site.frames}`;
  }
}

interface MarbleErrorOptions {
  readonly site?: Site | undefined;
  readonly actual?: string;
  readonly expected?: string;
}

/** A line of a test. */
export interface Site {
  /** `file:line` of the call. */
  readonly line: string;
  /** The stack from there on. */
  readonly frames: string;
}

/** The sources of this package: whatever is called from there is not what the reader wrote. */
const own = /^.*?((?:file:\/\/)?\/[^\s()]*)\/testing\/marble-error\.[jt]s/.exec(
  new Error('here').stack?.split('\n').find((line) => line.includes('marble-error')) ?? '',
)?.[1];

/** The line of the test that called, or that an error comes from. */
export function siteOfCall(from = new Error('here')): Site | undefined {
  const lines = (from.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const first = lines.findIndex(isOfTheReader);
  if (first < 0) return undefined;
  const place = /\(?((?:file:\/\/)?[^\s()]+:\d+):\d+\)?$/.exec(lines[first] as string)?.[1] ?? '';
  return {
    line: place.split('/').at(-1) ?? place,
    frames: lines.slice(first).filter(isOfTheReader).join('\n'),
  };
}

/** Whether the platform itself has called into this package. */
export function isCalledByPlatform(): boolean {
  const lines = (new Error('here').stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return lines.find((line) => own === undefined || !line.includes(`${own}/`))?.includes('node:') ?? false;
}

const isOfTheReader = (line: string): boolean =>
  !(own !== undefined && line.includes(`${own}/`)) && !/\/node_modules\/|node:/.test(line);
