import { framing, ProtocolError } from 'rx-tinyproto';
import { defer, endWith, identity, mergeMap, type OperatorFunction } from 'rxjs';

/** Bytes of the largest value: what is kept of one that is not complete is so little that putting chunks together can be simple. */
const maxValueBytes = 65_536;

const CR = 13;
const LF = 10;
const DOLLAR = 36;
const STAR = 42;

/**
 * Carries values of RESP, the protocol of Redis: each message is one value, whole, in the bytes that it came in.
 *
 *     bytes      | *2 CRLF | $3 CRLF | GET CRLF | $1 CRLF | a CRLF | +OK CRLF |
 *     messages   |               an array of two                  |  a status |
 *
 * Source: the specification of RESP 2. One that is larger than 64 KiB fails with `message-too-large`, and what is no RESP with `malformed`.
 */
export const respFraming = () =>
  framing(decodeValues, identity, { name: 'resp', maxMessageBytes: maxValueBytes });

const theEnd = new Uint8Array();

const decodeValues: OperatorFunction<Uint8Array, Uint8Array> = (chunks$) =>
  defer(() => {
    const read = reader();
    return chunks$.pipe(endWith(theEnd), mergeMap(read));
  });

/** Yields the values that become whole with a chunk; then throws, if what follows them is none. */
function reader(): (chunk: Uint8Array) => Iterable<Uint8Array> {
  /** What is behind the last whole value. So much of it has been understood. */
  let rest = new Uint8Array();
  let at = 0;
  /** So many values are missing until the first is whole: an array is as many more as it has elements. */
  let missing = 1;

  return function* read(chunk) {
    if (chunk === theEnd && rest.length > 0)
      throw new ProtocolError('cut-short', 'The bytes end inside a value');
    rest = joined(rest, chunk);
    for (let element = elementAt(rest, at); element; element = elementAt(rest, at)) {
      at = element.end;
      missing += element.elements - 1;
      if (missing > 0) continue;
      yield rest.slice(0, at);
      rest = rest.subarray(at);
      at = 0;
      missing = 1;
    }
  };
}

function joined(first: Uint8Array, second: Uint8Array) {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

/** The element that begins at an offset: where it ends, and how many it says will follow it. None, if it is not complete. */
function elementAt(bytes: Uint8Array, begin: number): { end: number; elements: number } | undefined {
  const kind = bytes[begin];
  if (kind === undefined) return undefined;
  if (!'+-:$*'.includes(String.fromCharCode(kind))) throw malformed(`no value begins with byte ${kind}`);
  const lineEnd = bytes.indexOf(CR, begin);
  if (lineEnd < 0 || lineEnd + 1 >= bytes.length) return undefined;
  if (bytes[lineEnd + 1] !== LF) throw malformed('CR without LF');
  const end = lineEnd + 2;
  if (kind !== DOLLAR && kind !== STAR) return { end, elements: 0 };

  const count = countIn(bytes.subarray(begin + 1, lineEnd));
  if (kind === STAR) return { end, elements: Math.max(0, count) };
  return bulk(bytes, end, count);
}

function bulk(bytes: Uint8Array, begin: number, size: number): { end: number; elements: number } | undefined {
  if (size < 0) return { end: begin, elements: 0 }; // null has no body
  const end = begin + size;
  if (bytes.length < end + 2) return undefined;
  if (bytes[end] !== CR || bytes[end + 1] !== LF) throw malformed('a text is longer than it says');
  return { end: end + 2, elements: 0 };
}

/** -1 stands for null. */
function countIn(digits: Uint8Array): number {
  const text = String.fromCharCode(...digits.subarray(0, 12));
  if (!/^(?:-1|\d{1,9})$/.test(text)) throw malformed('a size is no number');
  const count = Number(text);
  if (count > maxValueBytes)
    throw new ProtocolError('message-too-large', `${count} is more than a value may have`);
  return count;
}

const malformed = (why: string) => new ProtocolError('malformed', `This is no RESP: ${why}`);
