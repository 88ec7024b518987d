import { WireError, type WireErrorCode } from '../errors.js';

/** What the platform calls it, and what we call it. What is not here is `wire-failed`; the `cause` has the rest. */
const codes: Readonly<Record<string, readonly [code: WireErrorCode, text: string]>> = {
  EADDRINUSE: ['address-in-use', 'the address is in use'],
  EADDRNOTAVAIL: ['address-not-available', 'the address is not available'],
  EACCES: ['access-denied', 'access is denied'],
  EPERM: ['access-denied', 'access is denied'],
  EROFS: ['access-denied', 'the file system is read-only'],
  ECONNREFUSED: ['connection-refused', 'nobody listens there'],
  ENOENT: ['connection-refused', 'nobody listens there'],
  ENOTSOCK: ['connection-refused', 'nobody listens there'],
  EHOSTUNREACH: ['host-unreachable', 'the host is unreachable'],
  EHOSTDOWN: ['host-unreachable', 'the host is down'],
  ENETUNREACH: ['host-unreachable', 'the network is unreachable'],
  ENETDOWN: ['host-unreachable', 'the network is down'],
  ENOTFOUND: ['name-not-found', 'the name is unknown'],
  EAI_AGAIN: ['name-not-found', 'no name server answered'],
  EAI_FAIL: ['name-not-found', 'the name server failed'],
  EAI_NODATA: ['name-not-found', 'the name has no address'],
  EAI_NONAME: ['name-not-found', 'the name is unknown'],
  ECONNRESET: ['reset', 'the peer reset the connection'],
  EPIPE: ['reset', 'the peer has closed the connection'],
  ECONNABORTED: ['reset', 'the connection was aborted'],
  ENOTCONN: ['reset', 'the connection is gone'],
  ESHUTDOWN: ['reset', 'the connection is gone'],
  ECANCELED: ['reset', 'the connection is gone'],
  ERR_STREAM_DESTROYED: ['reset', 'the connection is gone'],
  ETIMEDOUT: ['timed-out', 'the peer does not answer'],
  ERR_SOCKET_CONNECTION_TIMEOUT: ['timed-out', 'the peer does not answer'],
  EMFILE: ['out-of-resources', 'the process has no file descriptor left'],
  ENFILE: ['out-of-resources', 'the system has no file descriptor left'],
  ENOBUFS: ['out-of-resources', 'the system has no buffer left'],
  ENOMEM: ['out-of-resources', 'the system has no memory left'],
  EAGAIN: ['out-of-resources', 'the queue of whom to accept is full'],
};

/** The platform's error as ours. `doing` begins the sentence: "Dialling 10.0.0.5:9123". */
export function nodeError(doing: string, cause: unknown): WireError {
  const platform = platformCode(cause) ?? '';
  const [code, text] = codes[platform] ?? tlsError(platform) ?? ['wire-failed', 'see the cause'];
  return new WireError(code, `${doing} failed: ${text}`, { cause });
}

/** What OpenSSL calls it: a hundred names, of which the beginning or the end tells enough. */
function tlsError(platform: string): (typeof codes)[string] | undefined {
  if (certificateFault.test(platform)) return ['not-trusted', 'a certificate is not good; see the cause'];
  if (/^ERR_(SSL|TLS)_|^EPROTO$/.test(platform))
    return ['tls-failed', 'TLS could not be agreed on; see the cause'];
  return undefined;
}

/**
 * A fault that we find in a certificate (the codes of X.509, and the name), or that the peer says it finds in ours (an alert). `UNSPECIFIED` is Node's word for all codes of X.509
 * that it has no name for.
 */
const certificateFault =
  /CERT|^UNABLE_TO_|CRL|^INVALID_(CA|PURPOSE)$|^PATH_LENGTH_|^(?!ERR_).*_MISMATCH$|^(EE|CA)_|^UNSPECIFIED$|_ALERT_UNKNOWN_CA$/;

/** The error code of the platform. Of several failed attempts (an `AggregateError`), the first that has one. */
export function platformCode(error: unknown): string | undefined {
  const { code, errors } = (error ?? {}) as { code?: unknown; errors?: unknown };
  if (typeof code === 'string') return code;
  return Array.isArray(errors) ? errors.map(platformCode).find((each) => each !== undefined) : undefined;
}
