import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Certificate, Pem, TlsOptions } from './tls-options.js';

/** Suites that authenticate by a pre-shared key, each with forward secrecy. TLS 1.3 has its own and needs none of them. */
const presharedKeyCiphers =
  'ECDHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES256-GCM-SHA384:DHE-PSK-CHACHA20-POLY1305:DHE-PSK-AES128-GCM-SHA256';

/** What Node is told of a certificate, and of all that goes with it. */
export function contextOptions(
  options: TlsOptions,
  certificate: Partial<Certificate> = options,
): SecureContextOptions {
  const { ca, minVersion = 'TLSv1.2', maxVersion, presharedKey } = options;
  const { cert, key, passphrase } = certificate;
  const ciphers = options.ciphers ?? (presharedKey && presharedKeyCiphers);
  return {
    minVersion,
    ...(maxVersion !== undefined && { maxVersion }),
    ...(cert !== undefined && { cert: list(cert) }),
    ...(key !== undefined && { key: list(key) }),
    ...(passphrase !== undefined && { passphrase }),
    ...(ca !== undefined && { ca: list(ca) }),
    ...(ciphers !== undefined && { ciphers }),
  };
}

/** The certificate for a name that a client asks for: the one of that name, or of all names one level below its parent. */
export function contextsByName(options: TlsOptions): (name: string) => SecureContext | undefined {
  const contexts = new Map(
    Object.entries(options.certificates ?? {}).map(([name, certificate]) => [
      name.toLowerCase(),
      createSecureContext(contextOptions(options, certificate)),
    ]),
  );
  return (asked) => {
    const name = asked.toLowerCase();
    return contexts.get(name) ?? contexts.get(name.replace(/^[^.]+/, '*'));
  };
}

const list = (pem: Pem): Buffer[] => [pem].flat().map((each) => Buffer.from(each as Uint8Array));
