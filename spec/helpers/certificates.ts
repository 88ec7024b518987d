import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  SubjectAlternativeNameExtension,
  type X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate and its key, as PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

export interface CertificateOptions {
  /** The names that it is good for; of those, numbers with dots or colons are addresses. */
  readonly names?: readonly string[];
  /** When it begins and ends, in hours from now. */
  readonly hours?: readonly [from: number, to: number];
}

/** An authority of a test's own. */
export interface Authority {
  readonly cert: string;
  /** A certificate for somebody. */
  readonly issue: (name: string, options?: CertificateOptions) => Promise<Issued>;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const newKeys = () => crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
const inHours = (hours: number) => new Date(Date.now() + hours * 3_600_000);

/** Makes an authority that signs certificates, all within this process: no test needs a file, or a certificate that expires in ten years. */
export async function authority(name = 'An authority of a test'): Promise<Authority> {
  const keys = await newKeys();
  const own = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys,
    signingAlgorithm: algorithm,
    notBefore: inHours(-48),
    notAfter: inHours(48),
    extensions: [new BasicConstraintsExtension(true, undefined, true)],
  });

  return {
    cert: own.toString('pem'),
    async issue(subject, { names = ['localhost', '127.0.0.1', '::1'], hours: [from, to] = [-1, 24] } = {}) {
      const theirs = await newKeys();
      const certificate: X509Certificate = await X509CertificateGenerator.create({
        subject: `CN=${subject}`,
        issuer: own.subject,
        publicKey: theirs.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        notBefore: inHours(from),
        notAfter: inHours(to),
        extensions: [
          new SubjectAlternativeNameExtension(
            names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? 'ip' : 'dns', value })),
          ),
        ],
      });
      return { cert: certificate.toString('pem'), key: await pemOf(theirs.privateKey) };
    },
  };
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  const base64 = Buffer.from(await crypto.subtle.exportKey('pkcs8', key)).toString('base64');
  return `-----BEGIN PRIVATE KEY-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END PRIVATE KEY-----\n`;
}
