import type { Observable } from 'rxjs';

/** A certificate, key or authority as PEM: a text, the bytes of a file, or several. */
export type Pem = string | Uint8Array | readonly (string | Uint8Array)[];

/** A certificate and its key. */
export interface Certificate {
  /** The certificate, the ones between it and its authority behind it. */
  readonly cert: Pem;
  /** Its private key. */
  readonly key: Pem;
  /** What the key is encrypted with, if it is. */
  readonly passphrase?: string;
}

/** A secret that both sides know beforehand, in place of certificates. */
export interface PresharedKey {
  /** Who we say that we are. Not secret: it goes over the wire in the clear. */
  readonly identity: string;
  /** Random bytes, 16 or more of them: nobody checks that. */
  readonly key: Uint8Array;
}

/**
 * How TLS is spoken. TLS 1.2 is the least, peers are verified, and a handshake has 10 s; each of that can be changed, and none of it is off unless it is written.
 */
export interface TlsOptions {
  /** Our certificate. A listener needs one, or `certificates`, or `presharedKey`. */
  readonly cert?: Pem;
  /** The private key of `cert`. */
  readonly key?: Pem;
  /** What `key` is encrypted with, if it is. */
  readonly passphrase?: string;
  /** The authorities that peers' certificates must come from. @default those that Node trusts, for dialling; none, for client certificates */
  readonly ca?: Pem;
  /** The oldest version that is spoken. @default 'TLSv1.2' */
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** The newest. @default 'TLSv1.3' */
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's list of ciphers. @default Node's; with `presharedKey`, those with a pre-shared key */
  readonly ciphers?: string;
  /** Names of the protocol spoken inside, the best first. Two that name some and have none in common do not meet. @default none is named */
  readonly alpn?: readonly string[];
  /** How long a handshake may take, in milliseconds, before it fails with `handshake-timeout` and its socket is destroyed. @default 10_000 */
  readonly handshakeTimeoutMs?: number;
  /** Listening: the key of whoever says that it is `identity`; nothing for a stranger. Dialling: who we are. Certificates may be absent then. */
  readonly presharedKey?: PresharedKey | ((identity: string) => Uint8Array | undefined);
  /** Listening: further certificates by the name that a client asks for (SNI), `'*.example.org'` for all names one level below. Others get `cert`, or an alert if there is none. */
  readonly certificates?: Readonly<Record<string, Certificate>>;
  /**
   * Listening: whether clients show certificates, which must come from `ca`. `'demand'` lets nobody in without; with `'ask'` a client may show none, but not a bad one.
   * @default 'ignore'
   */
  readonly clientCertificates?: 'ignore' | 'ask' | 'demand';
  /** Dialling: the name that the server's certificate must have, and the one to ask for (SNI). @default the host of the address */
  readonly serverName?: string;
  /** Dialling: whether the server is who it should be. Without it anybody on the road can read and change what passes. @default true */
  readonly verify?: boolean;
}

/**
 * TLS as an option: how it is spoken, or an Observable of that, for certificates that are renewed. Wires that come up take the latest; those that are up keep theirs, and nobody
 * is dropped. `true` is TLS with its defaults, for dialling.
 */
export type Tls = true | TlsOptions | Observable<TlsOptions>;

/** What a TLS handshake has settled. */
export interface Security {
  /** `'TLSv1.3'` or `'TLSv1.2'`. */
  readonly protocol: string;
  /** The name of the cipher, as the standard has it. */
  readonly cipher: string;
  /** What both sides have agreed to speak inside. Absent if they named nothing. */
  readonly alpn?: string;
  /** The server name that the client asked for. */
  readonly serverName?: string;
  /**
   * Whether we know who the peer is: its certificate was verified, or it has the pre-shared key. `false` on a server that demands no certificates, and where `verify` is
   * off.
   */
  readonly authorized: boolean;
  /** The certificate that the peer has shown. On a server always a verified one. */
  readonly peer?: PeerCertificate;
  /** On a server: who the client is, by its pre-shared key. */
  readonly identity?: string;
}

/** Who a peer is, by its certificate. */
export interface PeerCertificate {
  /** The subject, by its fields: `{ CN: 'sensor-7', O: 'Example' }`. A field that is there several times is a list. */
  readonly subject: Readonly<Record<string, string | readonly string[]>>;
  /** Who has signed it, likewise. */
  readonly issuer: Readonly<Record<string, string | readonly string[]>>;
  /** The subject's other names, as OpenSSL writes them: `'DNS:sensor-7.example.org'`. */
  readonly names: readonly string[];
  /** SHA-256 of the certificate, in hexadecimal with colons: what to pin. */
  readonly fingerprint256: string;
  /** The serial number, in hexadecimal. */
  readonly serialNumber: string;
  /** From when it is valid. */
  readonly validFrom: Date;
  /** Until when. */
  readonly validTo: Date;
  /** The certificate itself, in DER. */
  readonly raw: Uint8Array;
}
