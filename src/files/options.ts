import { positive } from '../connection/options.js';
import { tinyproto } from '../framing/tinyproto.js';

/**
 * For `listen` and `connect`: chunks come as streams, so that their size costs no memory, and a disk may be slow for a minute. Who takes nothing for five minutes is
 * hung up on: its file is open meanwhile.
 */
export const filesOptions = {
  framing: tinyproto({ maxMessageBytes: 0xf0ffffff, payloadTimeoutMs: 60_000, okTimeoutMs: 300_000 }),
  bodies: 'stream',
  writeTimeoutMs: 60_000,
} as const;

/** How long to wait. */
export interface Patience {
  /** How long the other side may say nothing, in milliseconds; longer, by a second for 16 MiB, where it may have to read what it has, to find where to go on. @default 300,000 */
  readonly idleTimeoutMs?: number;
}

/** What is understood wherever files are written. */
export interface FilesOptions extends Patience {
  /** The largest file that is taken, in bytes. @default 1 TiB */
  readonly maxFileBytes?: number;
  /** Whether a file that exists is replaced. @default false */
  readonly overwrite?: boolean;
}

/** How far a file has come. */
export interface Progress {
  /** How many bytes are there. */
  readonly bytes: number;
  /** How many there are in all. */
  readonly size: number;
  /** How much of it was there from an earlier attempt. */
  readonly resumedFrom: number;
  /** The SHA-256 of the whole, at its end, where both sides have compared it. */
  readonly sha256?: string;
}

export interface FilesSettings extends Required<FilesOptions> {}

export const filesSettings = ({
  maxFileBytes = 2 ** 40,
  idleTimeoutMs = 300_000,
  overwrite = false,
}: FilesOptions): FilesSettings => ({
  maxFileBytes: positive('maxFileBytes', maxFileBytes),
  idleTimeoutMs: positive('idleTimeoutMs', idleTimeoutMs),
  overwrite,
});
