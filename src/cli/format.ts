import { UsageError } from './usage-error.js';
import { visible } from './visible.js';

/** How a message is written as a line. */
export interface Format {
  /** The message that a line means. Throws an `Error` for a line that means none. */
  parse(line: Uint8Array): Uint8Array;
  /** The line that shows a message, as it is. Throws an `Error` for a message that is no such. */
  line(message: Uint8Array): string | Uint8Array;
}

/** The bytes themselves. A message that holds a line break makes more than one line of a pipe: `json` and `hex` never do. */
const text: Format = { parse: (line) => line, line: (message) => message };

/** One JSON value a message, compact. */
const json: Format = {
  parse: (line) => bytesOf(compact(line, 'the line')),
  line: (message) => compact(message, 'a message'),
};

/** Pairs of hexadecimal digits; blanks are free in what is read. */
const hex: Format = {
  parse(line) {
    const digits = textOf(line).replace(/\s/g, '');
    if (!/^([0-9a-fA-F]{2})*$/.test(digits)) throw new Error('the line is no pairs of hexadecimal digits');
    return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  },
  line: (message) => [...message].map((byte) => byte.toString(16).padStart(2, '0')).join(' '),
};

/** The format that `--text`, `--json` or `--hex` asks for. */
export function formatOf(asked: {
  readonly text?: boolean;
  readonly json?: boolean;
  readonly hex?: boolean;
}): Format {
  const formats = { text, json, hex };
  const names = (['text', 'json', 'hex'] as const).filter((name) => asked[name]);
  if (names.length > 1) throw new UsageError(`--${names.join(' and --')} exclude each other`);
  return formats[names[0] ?? 'text'];
}

/** A line fit for a terminal; see {@link visible}. */
export const shownOn = (line: string | Uint8Array): string =>
  visible(typeof line === 'string' ? line : textOf(line));

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function compact(bytes: Uint8Array, what: string): string {
  try {
    return JSON.stringify(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    throw new Error(`${what} is no JSON`);
  }
}
