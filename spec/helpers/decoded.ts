import { Observable } from 'rxjs';
import { joined } from '../../src/bytes/joined.js';
import { TinyprotoError } from '../../src/errors.js';
import { decode } from '../../src/framing/decode.js';
import type { Framing } from '../../src/framing/framing.js';
import { Reading } from '../../src/framing/reading.js';

/** What came of some chunks: messages in hexadecimal, and `'|'`, an error's code, or nothing yet. */
export interface Decoded {
  readonly messages: readonly string[];
  readonly end: string;
}

export const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** The frame of a message, in one piece. */
export function frameOf(framing: Framing, message: Uint8Array): Uint8Array {
  const { head, body, tail } = framing.encode(message);
  return joined([head, body, tail]).slice();
}

export const streamOf = (framing: Framing, messages: readonly Uint8Array[]): Uint8Array =>
  joined(messages.map((message) => frameOf(framing, message))).slice();

/** Decodes chunks, and the end behind them unless they go on. */
export function decoded(framing: Framing, chunks: readonly Uint8Array[], end = true): Decoded {
  const messages: string[] = [];
  let ended = '';
  new Observable<Uint8Array>((subscriber) => {
    for (const chunk of chunks) subscriber.next(chunk);
    if (end) subscriber.complete();
  })
    .pipe(decode(framing))
    .subscribe({
      next: (message) => messages.push(hexOf(message)),
      error: (error) => {
        ended = error instanceof TinyprotoError ? error.code : String(error);
      },
      complete: () => {
        ended = '|';
      },
    });
  return { messages, end: ended };
}

/** The same through the machine, read only behind every so many chunks, and at the end. */
export function decodedLate(framing: Framing, chunks: readonly Uint8Array[], every: number): Decoded {
  const messages: string[] = [];
  const reading = new Reading(framing);
  const readAll = () => {
    for (let message = reading.read(); message; message = reading.read()) messages.push(hexOf(message));
  };
  chunks.forEach((chunk, index) => {
    reading.push(chunk);
    if (index % every === every - 1) readAll();
  });
  reading.end();
  readAll();
  const { fault } = reading;
  return { messages, end: fault ? codeOf(fault.error) : '|' };
}

const codeOf = (error: unknown): string => (error instanceof TinyprotoError ? error.code : String(error));
