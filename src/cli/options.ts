import { type ParseArgsConfig, parseArgs } from 'node:util';
import { UsageError } from './usage-error.js';

/** One option: what `parseArgs` wants to know, and what `--help` says. */
export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  readonly multiple?: boolean;
  /** What stands behind it in the help: `FILE`. */
  readonly value?: string;
  readonly help: string;
}

export type OptionTable = Readonly<Record<string, Option>>;

/** What was said of each option; absent where nothing was. */
export type Values<T extends OptionTable> = {
  readonly [Name in keyof T]?: T[Name]['multiple'] extends true
    ? readonly ValueOf<T[Name]>[]
    : ValueOf<T[Name]>;
};

type ValueOf<T extends Option> = T['type'] extends 'boolean' ? boolean : string;

export const common = {
  help: { type: 'boolean', short: 'h', help: 'shows this' },
} as const satisfies OptionTable;

/** The words of a command line, sorted. Throws a `UsageError` for an option that does not exist. */
export function readOptions<T extends OptionTable>(
  words: readonly string[],
  options: T,
): { values: Values<T & typeof common>; operands: readonly string[] } {
  try {
    const all = { ...options, ...common } as ParseArgsConfig['options'] & object;
    const { values, positionals } = parseArgs({ args: [...words], options: all, allowPositionals: true });
    return { values: values as Values<T & typeof common>, operands: positionals };
  } catch (error) {
    const [line = ''] = String((error as Error).message).split('. ');
    throw new UsageError(line.charAt(0).toLowerCase() + line.slice(1));
  }
}

/** A number of at least `least`, as an option says it. */
export function numberOf(name: string, written: string | undefined, least: number): number | undefined {
  if (written === undefined) return undefined;
  const value = written === 'forever' ? Number.POSITIVE_INFINITY : Number(written);
  if (written.trim() === '' || !(value >= least))
    throw new UsageError(`--${name} is a number of at least ${least}, not '${written}'`);
  return value;
}

/** A whole number of at least `least`, or `forever`. */
export function wholeOf(name: string, written: string | undefined, least: number): number | undefined {
  const value = numberOf(name, written, least);
  if (value !== undefined && value !== Math.floor(value))
    throw new UsageError(`--${name} is a whole number, not '${written}'`);
  return value;
}
