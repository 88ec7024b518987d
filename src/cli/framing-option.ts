import { delimited } from '../framing/delimited.js';
import { fixedLength } from '../framing/fixed-length.js';
import type { Framing } from '../framing/framing.js';
import { jsonTexts } from '../framing/json-texts.js';
import { type LengthPrefixedOptions, lengthPrefixed } from '../framing/length-prefixed.js';
import { lines } from '../framing/lines.js';
import { tinyproto } from '../framing/tinyproto.js';
import { varintPrefixed } from '../framing/varint-prefixed.js';
import { wholeChunks } from '../framing/whole-chunks.js';
import { UsageError } from './usage-error.js';

/** What `--help` says of them. */
export const framingHelp = `
framings:
  tinyproto         the wire of Python's tinyproto (default); tinyproto:half where a Python peer may begin at any time
  lines             lines that end with LF or CRLF; lines:crlf writes CRLF
  length:4          each message behind its length, of 1 to 8 bytes; length:2le is little-endian
  varint            each message behind its length as an unsigned varint, as protobuf's writers do
  delimited:\\0      each message ends with these bytes; \\n \\r \\t \\0 \\\\ and \\x1f are understood
  fixed:16          messages of so many bytes
  json              JSON texts, one behind the other
  chunks            whatever comes at a time: no framing at all
`;

type Make = (rest: string | undefined, most: { readonly maxMessageBytes?: number }) => Framing | undefined;

const framings: Readonly<Record<string, Make>> = {
  tinyproto(rest, most) {
    if (rest === 'half') return tinyproto({ ...most, duplex: 'half' });
    return rest === undefined ? tinyproto(most) : undefined;
  },
  lines(rest, { maxMessageBytes }) {
    const most = maxMessageBytes === undefined ? {} : { maxLineBytes: maxMessageBytes };
    if (rest === 'crlf') return lines({ ...most, ending: '\r\n' });
    return rest === undefined ? lines(most) : undefined;
  },
  length(rest = '4', most) {
    const [, size, order] = /^([1-8])(le|be)?$/.exec(rest) ?? [];
    if (size === undefined) return undefined;
    const bytes = Number(size) as NonNullable<LengthPrefixedOptions['size']>;
    return lengthPrefixed({ ...most, size: bytes, littleEndian: order === 'le' });
  },
  varint: (rest, most) => (rest === undefined ? varintPrefixed(most) : undefined),
  delimited: (rest, most) => (rest ? delimited(unescaped(rest), most) : undefined),
  fixed: (rest) => (rest && /^[1-9]\d*$/.test(rest) ? fixedLength(Number(rest)) : undefined),
  json: (rest, most) => (rest === undefined ? jsonTexts(most) : undefined),
  chunks: (rest) => (rest === undefined ? wholeChunks() : undefined),
};

/** The framing that `--framing` names. Throws a `UsageError` for one that does not exist. */
export function framingOf(written = 'tinyproto', maxMessageBytes?: number): Framing {
  const [, name = '', rest] = /^([^:]*)(?::(.*))?$/s.exec(written) ?? [];
  const make = Object.hasOwn(framings, name) ? framings[name] : undefined;
  const framing = make?.(rest, maxMessageBytes === undefined ? {} : { maxMessageBytes });
  if (framing) return framing;
  throw new UsageError(`there is no framing '${written}': --help lists them`);
}

const meanings: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, '0': 0, '\\': 92 };

/** The bytes of a text in which control characters are written out. */
function unescaped(text: string): Uint8Array {
  const pieces = text.match(/\\x[0-9a-fA-F]{2}|\\[nrt0\\]|[^\\]+|\\/gs) ?? [];
  return Uint8Array.from(
    pieces.flatMap((piece) => {
      if (!piece.startsWith('\\')) return [...new TextEncoder().encode(piece)];
      if (piece.startsWith('\\x')) return [Number.parseInt(piece.slice(2), 16)];
      return [meanings[piece.charAt(1)] ?? 92];
    }),
  );
}
