/** A list of addresses: Node's `net.BlockList`, or anything else that can tell, and at once: where one throws, or answers with a promise, nobody comes in. */
export interface AddressList {
  /** Whether the address is on it. */
  check(address: string, family: 'ipv4' | 'ipv6'): boolean;
}

/**
 * That a listener stands behind proxies which speak the PROXY protocol: each wire begins with a header, version 1 or 2, that tells for whom it is, and that address becomes `remote`.
 *
 * Whoever is not in `from` is hung up on: a header is easily made up. Unix sockets have no addresses; there the permissions of the file say who may call.
 */
export interface ProxyProtocol {
  /** The addresses of the proxies. */
  readonly from: AddressList;
  /** How long the header may take, in milliseconds, before its wire is destroyed (`handshake-timeout`). Proxies send it at once; this leaves time for one packet lost. @default 5_000 */
  readonly headerTimeoutMs?: number;
}
