import { type ErrorCode, ProtocolError, SendError, WireError } from '../errors.js';
import { FileError } from '../files/index.js';
import { UsageError } from './usage-error.js';

/** What a script sees in `$?`. docs/command-line.md has the same table; a spec compares them. */
export const exitCodes = {
  done: 0,
  /** A file, a command, or something of our own. */
  failed: 1,
  /** It was called in a way that cannot be meant. */
  usage: 2,
  /** It could not connect, or not listen. */
  unreachable: 3,
  /** The conversation broke: the road failed, or the other side broke the protocol. */
  broken: 4,
  /** The other side refused: the connection, a message, a file. */
  refused: 5,
  /** A replayed conversation went otherwise than it was recorded. */
  different: 6,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const notReached: ReadonlySet<ErrorCode> = new Set([
  'address-in-use',
  'address-not-available',
  'access-denied',
  'connection-refused',
  'host-unreachable',
  'name-not-found',
  'connect-timeout',
  'opening-timeout',
  'handshake-timeout',
  'tls-failed',
  'not-trusted',
]);
const refusals: ReadonlySet<ErrorCode> = new Set([
  'refused',
  'connection-limit',
  'opening-refused',
  'conflict',
]);

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof FileError) return ofFiles(error);
  if (!(error instanceof WireError || error instanceof ProtocolError || error instanceof SendError))
    return exitCodes.failed;
  if (notReached.has(error.code)) return exitCodes.unreachable;
  return refusals.has(error.code) ? exitCodes.refused : exitCodes.broken;
}

function ofFiles({ code }: FileError): ExitCode {
  if (code === 'rejected') return exitCodes.refused;
  return code === 'refused' ? exitCodes.failed : exitCodes.broken;
}
