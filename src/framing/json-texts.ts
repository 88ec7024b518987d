import { malformed, notEncodable, tooLarge } from './faults.js';
import type { Framing } from './framing.js';
import { JsonScanner } from './json-scanner.js';
import { DEFAULT_MAX_MESSAGE_BYTES, limit } from './limits.js';
import { oneWay } from './one-way.js';
import { PacedDecoder } from './paced-decoder.js';
import { QueueDecoder } from './queue-decoder.js';

/** Options of {@link jsonTexts}. */
export interface JsonTextsOptions {
  /** Longest text in bytes, sent or received. Default 8 MiB. */
  readonly maxMessageBytes?: number;
  /** How deep objects and arrays may nest. Default 128. */
  readonly maxDepth?: number;
}

/**
 * Carries JSON objects and arrays, one behind the other without a delimiter. White space between them is dropped.
 *
 *     bytes      | {"a":[1]} | [] | 0a | {"b":"}"} |
 *     messages   | {"a":[1]} | [] |    | {"b":"}"} |
 *
 * It finds where each text ends, by brackets and strings alone; whether it is JSON within is for the codec to say. Numbers, strings and words between the texts
 * are `malformed`, since nobody can tell where they end, and so are a bracket that closes what is not open, and more than `maxDepth` (default 128) within each
 * other. A text above `maxMessageBytes` (default 8 MiB) fails with `message-too-large` as soon as so many bytes have come, bytes that end inside one with
 * `cut-short`. Each ends the connection.
 *
 * A message of ours that is not exactly one such text is a `SendError`, `not-encodable`. Either direction can end alone.
 *
 * Source: RFC 8259. Where a delimiter can be had, take `lines`: JSON has no line ends within, unless somebody puts them there.
 *
 * @example
 * ```ts
 * import { connect, converse, jsonTexts, text } from 'rx-tinyproto';
 * import { map } from 'rxjs';
 *
 * connect(9123, { framing: jsonTexts(), codec: text() })
 *   .pipe(converse((conn) => conn.messages$.pipe(map((message) => JSON.parse(message)))))
 *   .subscribe({ next: console.log, error: console.error });
 * ```
 */
export function jsonTexts({
  maxMessageBytes = DEFAULT_MAX_MESSAGE_BYTES,
  maxDepth = 128,
}: JsonTextsOptions = {}): Framing {
  limit('maxMessageBytes', maxMessageBytes, 2);
  limit('maxDepth', maxDepth, 1);
  return oneWay({
    name: 'json-texts',
    maxMessageBytes,
    encode(message) {
      const scanner = new JsonScanner(maxDepth);
      const last = scanner.look(message, 0, message.length);
      if (message.length === 0 || last < message.length - 1 || scanner.fault !== undefined) {
        throw notEncodable(scanner.fault ?? 'a message is exactly one JSON object or array');
      }
      return { head: NONE, body: message, tail: NONE };
    },
    open: (port) => new PacedDecoder(new JsonDecoder(maxMessageBytes, maxDepth), port),
  });
}

const NONE = new Uint8Array(0);

/** The white space of RFC 8259. */
const isBlank = (byte: number | undefined) =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

function findText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at += 1) if (!isBlank(bytes[at])) return at;
  return -1;
}

class JsonDecoder extends QueueDecoder {
  readonly #scanner: JsonScanner;
  readonly #look: JsonScanner['look'];
  /** How many bytes of the text at the head of the queue the scanner has seen. */
  #seen = 0;

  constructor(
    private readonly maxMessageBytes: number,
    maxDepth: number,
  ) {
    super();
    this.#scanner = new JsonScanner(maxDepth);
    this.#look = (bytes, start, end) => this.#scanner.look(bytes, start, end);
  }

  read(): Uint8Array | undefined {
    if (this.#seen === 0) this.#skipBlanks();
    const last = this.bytes.find(this.#seen, this.#look);
    const size = last < 0 ? this.bytes.length : last + 1;
    if (size > this.maxMessageBytes) throw tooLarge(this.maxMessageBytes);
    if (this.#scanner.fault !== undefined) throw malformed(this.#scanner.fault);
    this.#seen = last < 0 ? size : 0;
    if (last < 0) return undefined;
    return this.bytes.take(size);
  }

  #skipBlanks(): void {
    const start = this.bytes.find(0, findText);
    this.bytes.skip(start < 0 ? this.bytes.length : start);
  }
}
