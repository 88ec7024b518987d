import { type ErrorCode, ProtocolError, WireError } from '../errors.js';

/**
 * What another attempt will not cure, and why. Everything else may pass: a name server that is away, a server that is full or starting,
 * a peer that lost step.
 */
const permanent: Readonly<Partial<Record<ErrorCode, string>>> = {
  'bad-opening': 'the peer speaks another protocol',
  malformed: 'the peer speaks another framing',
  'message-too-large': 'the peer sends messages that are too large for this side',
  'not-decodable': 'the peer speaks another codec',
  'access-denied': 'the system does not allow it',
  'not-trusted': 'somebody else answers there, or somebody has to renew a certificate',
  'tls-failed': 'the peer speaks no TLS, or none that this side speaks',
};

/**
 * Whether trying again is pointless: `bad-opening`, `malformed`, `message-too-large`, `not-decodable`, `access-denied`, `not-trusted`, `tls-failed`, and whatever is neither a
 * `ProtocolError` nor a `WireError`, for that is a mistake in a program. What `reconnect` goes by unless told otherwise.
 *
 * @example
 * ```ts
 * import { connect, isPermanent, reconnect, WireError } from 'rx-tinyproto';
 *
 * // Somebody may renew a certificate while we wait.
 * const isExpired = (error: unknown) => error instanceof WireError && error.code === 'not-trusted';
 *
 * const patient$ = connect('localhost:9123', { tls: true }).pipe(
 *   reconnect({ isPermanent: (error) => isPermanent(error) && !isExpired(error) }),
 * );
 * ```
 */
export function isPermanent(error: unknown): boolean {
  if (!(error instanceof ProtocolError || error instanceof WireError)) return true;
  return error.code in permanent;
}
