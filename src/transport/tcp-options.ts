import type { ProxyProtocol } from './proxy-options.js';
import type { Tls } from './tls-options.js';

/** How sockets are handled. What `listen` and `connect` say of TLS and proxies comes before what is said here. */
export interface TcpOptions {
  /** Every wire is TLS. */
  readonly tls?: Tls;
  /** Listeners stand behind proxies that tell for whom they call. */
  readonly proxyProtocol?: ProxyProtocol;
  /** Idle time in milliseconds after which the kernel asks whether the peer is still there. @default 30_000 */
  readonly keepAliveMs?: number;
  /** How often a wire that is paused, or whose peer has ended, looks whether the peer is still there, in milliseconds. @default 5_000 */
  readonly probeMs?: number;
  /** How long `destroy()` waits for the peer to take what was written, in milliseconds. @default 1_000 */
  readonly lingerMs?: number;
  /**
   * How long one address of a name may take before the next is tried, in milliseconds. Node gives up the slow one then, so
   * its own 250 ms would cut off hosts that are merely far away. @default 1_000
   */
  readonly nextAddressMs?: number;
}
