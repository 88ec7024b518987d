import { TinyprotoError } from '../errors.js';
import type { Framing } from '../framing/framing.js';
import { Reading } from '../framing/reading.js';
import { asBytes, joined, sameBytes, show } from './bytes.js';
import { MarbleError, siteOfCall } from './marble-error.js';

/** What a framing makes of bytes: messages, and how it ends, if it does: `'|'`, or the code of its error. */
export interface Read {
  readonly messages: readonly Uint8Array[];
  readonly end: string;
}

/** Whatever the cuts, the same must come of the bytes. */
export interface EverySplit {
  /** Throws where the messages, or the end, are others. The end is `'|'` by default; an error's code, or `''` for bytes that go on. */
  gives(messages: readonly (Uint8Array | string)[], end?: string): void;
}

/** Up to so many bytes are cut in three in every way, too. */
const thriceUpTo = 48;

/**
 * Gives the bytes to the framing in one chunk, byte by byte, cut in two and (if they are few) in three at every place, with the messages read after each
 * chunk and read only at the end.
 *
 *     everySplit(text`ab\nc\n`, lines()).gives(['ab', 'c']);
 */
export function everySplit(bytes: Uint8Array, framing: Framing): EverySplit {
  return {
    gives(messages, end = '|') {
      const expected: Read = { messages: messages.map(asBytes), end };
      const site = siteOfCall();
      for (const chunks of splits(bytes)) {
        for (const late of [false, true]) {
          const read = readThrough(framing, chunks, { end: end !== '', late });
          if (!sameRead(read, expected))
            throw new MarbleError(explain(framing, chunks, expected, read, late), { site });
        }
      }
    },
  };
}

/** Every way to cut, worth trying. */
export function* splits(bytes: Uint8Array): Generator<readonly Uint8Array[]> {
  const cutAt = (...places: number[]) =>
    [0, ...places].map((from, index) => bytes.slice(from, places[index] ?? bytes.length));
  yield [bytes.slice()];
  yield Array.from(bytes, (byte) => Uint8Array.of(byte));
  for (let first = 0; first <= bytes.length; first++) {
    yield cutAt(first);
    if (bytes.length > thriceUpTo) continue;
    for (let second = first + 1; second < bytes.length; second++) yield cutAt(first, second);
  }
}

/** Runs chunks through the machine of a framing, messages being consumed as they are read: after each chunk, or all of them late. */
export function readThrough(
  framing: Framing,
  chunks: readonly Uint8Array[],
  { end = true, late = false }: { readonly end?: boolean; readonly late?: boolean } = {},
): Read {
  const messages: Uint8Array[] = [];
  const reading = new Reading(framing);
  const readAll = () => {
    for (let message = reading.read(); message !== undefined; message = reading.read()) {
      messages.push(message.slice());
      reading.machine.consumed?.();
    }
  };
  for (const chunk of chunks) {
    reading.push(chunk);
    if (!late) readAll();
  }
  if (end) reading.end();
  readAll();
  const { fault } = reading;
  return { messages, end: fault ? codeOf(fault.error) : end ? '|' : '' };
}

/** The bytes of messages on the wire, one behind the other. */
export function framed(framing: Framing, messages: readonly Uint8Array[]): Uint8Array {
  return joined(
    messages.flatMap((message) => {
      const { head, body, tail } = framing.encode(message);
      return [head, body, tail];
    }),
  );
}

export function sameRead(one: Read, other: Read): boolean {
  return (
    one.end === other.end &&
    one.messages.length === other.messages.length &&
    one.messages.every((message, index) => sameBytes(message, other.messages[index] as Uint8Array))
  );
}

export const codeOf = (error: unknown): string =>
  error instanceof TinyprotoError ? error.code : String(error);

function explain(
  framing: Framing,
  chunks: readonly Uint8Array[],
  expected: Read,
  read: Read,
  late: boolean,
): string {
  const drawn = ({ messages, end }: Read) => [...messages.map((message) => show(message)), end].join(' ');
  return [
    `${framing.name}: other messages when it is cut like this${late ? ', and read only at the end' : ''}`,
    '',
    `  chunks    ${chunks.map((chunk) => show(chunk)).join(' ')}`,
    `  expected  ${drawn(expected)}`,
    `  received  ${drawn(read)}`,
  ].join('\n');
}
