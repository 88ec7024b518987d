/** The seam between connections and the road, for people who write a transport of their own. */
export { WireError, type WireErrorCode } from '../errors.js';
export { type AddressUse, formatAddress, parseAddress } from './address.js';
export type { AddressList, ProxyProtocol } from './proxy-options.js';
export { tcp } from './tcp.js';
export type { TcpOptions } from './tcp-options.js';
export type {
  Certificate,
  PeerCertificate,
  Pem,
  PresharedKey,
  Security,
  Tls,
  TlsOptions,
} from './tls-options.js';
export type {
  Address,
  BoundAddress,
  Transport,
  TransportDialOptions,
  TransportListenOptions,
  Upgrade,
  Wire,
  WireClosed,
} from './transport.js';
export { type Tapped, wiretap } from './wiretap.js';
