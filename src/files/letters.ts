import { FileError } from './file-error.js';

/*
 * The letters of tpft, the larger example of Python's tinyproto: JSON, `{"type": …, "letter": {…}}`, a message each.
 *
 *     upload     ──▶ upload-request        ◀── confirmed, or rejected      ──▶ chunks   ◀── confirmed   ──▶ close
 *     download   ──▶ download-request      ◀── download-confirmation, or rejected
 *                ──▶ confirmed             ◀── chunks                      ──▶ confirmed, close
 *
 * Where both sides are ours, they say more. A Python program must never see it, since nobody knows what it makes of a field that it does not expect. So a client
 * of ours ends its request with a line break, which every JSON parser skips, and a server of ours answers that, and nothing else, with fields of its own:
 *
 *     upload     ──▶ upload-request⏎       ◀── confirmed { held_bytes, held_sha256 }
 *                ──▶ resume-from, chunks, checksum                         ◀── confirmed, or rejected   ──▶ close
 *     download   ──▶ download-request⏎     ◀── download-confirmation { file_size, resumable }
 *                ──▶ confirmed { held_bytes, held_sha256 }                 ◀── resume-from, chunks, checksum
 *                ──▶ confirmed, or rejected, close
 */

/** What a receiver has of a file from an earlier attempt: so many bytes, and their hash. */
export interface Held {
  readonly bytes: number;
  readonly sha256: string;
}

export type Letter =
  | {
      readonly type: 'upload-request';
      readonly size: number;
      readonly path: string;
      readonly isOurs: boolean;
    }
  | { readonly type: 'download-request'; readonly path: string; readonly isOurs: boolean }
  | { readonly type: 'download-confirmation'; readonly size: number; readonly isOurs: boolean }
  | { readonly type: 'confirmed'; readonly held?: Held }
  | { readonly type: 'rejected'; readonly reason: string }
  | { readonly type: 'resume-from'; readonly offset: number }
  | { readonly type: 'checksum'; readonly sha256: string }
  | { readonly type: 'close' };

/** No letter is longer: it is one part of a streamed body. */
export const maxLetterBytes = 65_536;

export function writeLetter(letter: Letter): Uint8Array {
  const text = JSON.stringify({ type: letter.type, letter: fieldsOf(letter) });
  const asksForMore =
    (letter.type === 'upload-request' || letter.type === 'download-request') && letter.isOurs;
  return new TextEncoder().encode(asksForMore ? `${text}\n` : text);
}

function fieldsOf(letter: Letter): object {
  switch (letter.type) {
    case 'upload-request':
      return { file_size: letter.size, destination_path: letter.path };
    case 'download-request':
      return { download_path: letter.path };
    case 'download-confirmation':
      return { file_size: letter.size, ...(letter.isOurs && { resumable: true }) };
    case 'confirmed':
      return letter.held ? { held_bytes: letter.held.bytes, held_sha256: letter.held.sha256 } : {};
    case 'rejected':
      return { reason: letter.reason };
    case 'resume-from':
      return { offset: letter.offset };
    case 'checksum':
      return { sha256: letter.sha256 };
    case 'close':
      return {};
  }
}

/** Throws a `FileError` for what is no letter. */
export function readLetter(bytes: Uint8Array): Letter {
  const text = new TextDecoder().decode(bytes);
  const { type, letter } = record(parsed(text));
  const fields = record(letter);
  switch (type) {
    case 'upload-request':
      return {
        type,
        size: count(fields.file_size),
        path: string(fields.destination_path),
        isOurs: text.endsWith('\n'),
      };
    case 'download-request':
      return { type, path: string(fields.download_path), isOurs: text.endsWith('\n') };
    case 'download-confirmation':
      return { type, size: count(fields.file_size), isOurs: fields.resumable === true };
    case 'confirmed':
      return fields.held_bytes === undefined ? { type } : { type, held: heldIn(fields) };
    case 'rejected':
      return { type, reason: string(fields.reason) };
    case 'resume-from':
      return { type, offset: count(fields.offset) };
    case 'checksum':
      return { type, sha256: string(fields.sha256) };
    case 'close':
      return { type };
    default:
      throw noLetter();
  }
}

const heldIn = (fields: Readonly<Record<string, unknown>>): Held => ({
  bytes: count(fields.held_bytes),
  sha256: string(fields.held_sha256),
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw noLetter();
  }
}

function record(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) throw noLetter();
  return value as Readonly<Record<string, unknown>>;
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 0) throw noLetter();
  return Number(value);
}

function string(value: unknown): string {
  if (typeof value !== 'string') throw noLetter();
  return value;
}

const noLetter = () =>
  new FileError('unexpected-letter', 'The other side sent what is no letter of file transfer');
