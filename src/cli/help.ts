import { common, type Option, type OptionTable } from './options.js';

/** What there is to say about a command. */
export interface Described {
  readonly name: string;
  /** What follows the name: `[addresses…]`. */
  readonly operands: string;
  readonly summary: string;
  readonly options: OptionTable;
  /** What else `--help` says, above the examples. */
  readonly more?: string;
  /** Commands that work, and what each does. */
  readonly examples: readonly (readonly [command: string, what: string])[];
}

/** What `--help` of a command says. */
export function helpOf({ name, operands, summary, options, more, examples }: Described): string {
  const rows = Object.entries({ ...options, ...common }).map(([long, option]) => [
    nameOf(long, option),
    option.help,
  ]);
  return [
    `usage: rx-tinyproto ${name} [options] ${operands}`.trimEnd(),
    '',
    `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`,
    '',
    ...inColumns(rows),
    ...(more ? ['', more.trim()] : []),
    '',
    'examples:',
    ...examples.flatMap(([line, what]) => [`  # ${what}`, `  ${line}`]),
    '',
  ].join('\n');
}

function nameOf(long: string, { short, value }: Option): string {
  const letter = short ? `-${short}, ` : '    ';
  return `${letter}--${long}${value ? ` ${value}` : ''}`;
}

/** Rows of two: what it is called, and what it does. */
export function inColumns(rows: readonly (readonly string[])[]): string[] {
  const width = Math.max(...rows.map(([left = '']) => left.length));
  return rows.map(([left = '', right = '']) => `  ${left.padEnd(width)}  ${right}`);
}
