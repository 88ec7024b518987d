import type { TLSSocket } from 'node:tls';
import type { PeerCertificate, Security } from './tls-options.js';

/** What a handshake has settled, as far as others need to know. Where the peer shows no certificate, we know it if it has our key. */
export function securityOf(socket: TLSSocket, hasKey: boolean, identity?: string): Security {
  const alpn = socket.alpnProtocol;
  const serverName = 'servername' in socket ? socket.servername : undefined;
  const peer = certificateOf(socket);
  return {
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher().standardName,
    // Without a certificate Node calls authorized also who comes back with a ticket.
    authorized: peer ? socket.authorized : hasKey,
    ...(alpn && { alpn }),
    ...(typeof serverName === 'string' && serverName && { serverName }),
    ...(peer && { peer }),
    ...(identity !== undefined && { identity }),
  };
}

function certificateOf(socket: TLSSocket): PeerCertificate | undefined {
  // To be asked for once: the next time Node has none.
  const shown = socket.getPeerX509Certificate();
  if (!shown) return undefined;
  const { subject, issuer } = shown.toLegacyObject();
  return {
    subject: fieldsOf(subject),
    issuer: fieldsOf(issuer),
    names: namesIn(shown.subjectAltName ?? ''),
    fingerprint256: shown.fingerprint256,
    serialNumber: shown.serialNumber,
    validFrom: new Date(shown.validFrom),
    validTo: new Date(shown.validTo),
    raw: new Uint8Array(shown.raw),
  };
}

/** Names with a comma in them are quoted: one that holds what looks like another must not be taken for two. */
const namesIn = (text: string): string[] =>
  (text.match(/(?:[^,"]|"(?:[^"\\]|\\.)*")+/g) ?? []).map((name) => name.trim());

const fieldsOf = (name: object): PeerCertificate['subject'] => ({ ...(name as PeerCertificate['subject']) });
