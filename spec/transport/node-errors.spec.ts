import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/errors.js';
import { nodeError } from '../../src/transport/node-errors.js';

const platform = (code: string) => Object.assign(new Error(code), { code });

describe('nodeError', () => {
  it.each([
    ['EADDRINUSE', 'address-in-use'],
    ['EADDRNOTAVAIL', 'address-not-available'],
    ['EACCES', 'access-denied'],
    ['ECONNREFUSED', 'connection-refused'],
    ['EHOSTUNREACH', 'host-unreachable'],
    ['ENETUNREACH', 'host-unreachable'],
    ['ENOTFOUND', 'name-not-found'],
    ['EAI_AGAIN', 'name-not-found'],
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timed-out'],
    ['EMFILE', 'out-of-resources'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls-failed'],
    ['ERR_SSL_NO_SHARED_CIPHER', 'tls-failed'],
    ['ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL', 'tls-failed'],
    ['EPROTO', 'tls-failed'],
    ['CERT_HAS_EXPIRED', 'not-trusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'not-trusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'not-trusted'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'not-trusted'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'not-trusted'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'not-trusted'],
    ['HOSTNAME_MISMATCH', 'not-trusted'],
    ['UNSPECIFIED', 'not-trusted'],
    ['ERR_SSL_LENGTH_MISMATCH', 'tls-failed'],
    ['ENOSUCHTHING', 'wire-failed'],
  ])('knows %s as %s, and keeps the cause', (code, ours) => {
    const cause = platform(code);
    const error = nodeError('Dialling 10.0.0.5:9123', cause);
    expect(error).toBeInstanceOf(WireError);
    expect(error).toMatchObject({ code: ours, cause });
    expect(error.message).toMatch(/^Dialling 10\.0\.0\.5:9123 failed: /);
  });

  it('takes the first attempt that tells something of several that failed', () => {
    const cause = new AggregateError([new Error('?'), platform('ECONNREFUSED'), platform('ETIMEDOUT')]);
    expect(nodeError('Dialling', cause).code).toBe('connection-refused');
  });

  it('makes do with whatever was thrown', () => {
    for (const cause of [undefined, null, 'text', {}, new Error('?')]) {
      expect(nodeError('Dialling', cause)).toMatchObject({ code: 'wire-failed', cause });
    }
  });
});
