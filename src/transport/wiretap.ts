import { type NextObserver, of } from 'rxjs';
import { overheard } from './overheard.js';
import type { BoundAddress, Transport } from './transport.js';

/** What passed on a wire: a chunk, as the transport cut it, or an end. */
export interface Tapped {
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
  readonly direction: 'in' | 'out';
  /** A chunk, FIN, RST or another fault of the road. The bytes are not yours to change. */
  readonly what: Uint8Array | 'fin' | 'error';
}

/**
 * A transport on which everything that passes is told to an observer: for looking at a protocol, not for production.
 *
 * The wires are those of the transport within, unchanged. What is told of `out` was handed to the wire; it need not have arrived.
 *
 * @example
 * ```ts
 * import { listen, serve, tcp } from 'rx-tinyproto';
 * import { wiretap } from 'rx-tinyproto/transport';
 *
 * const transport = wiretap(tcp(), { next: ({ direction, what }) => console.log(direction, what) });
 * listen(0, { transport }).pipe(serve((conn) => conn.messages$)).subscribe().unsubscribe();
 * ```
 */
export function wiretap(transport: Transport, observer: NextObserver<Tapped>): Transport {
  return overheard(transport, ({ local, remote }) => {
    // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
    const tell = (direction: Tapped['direction'], what: Tapped['what']) =>
      of({ local, remote, direction, what }).subscribe((each) => observer.next(each));
    return {
      bytes: {
        next: (chunk) => tell('in', chunk),
        complete: () => tell('in', 'fin'),
        error: () => tell('in', 'error'),
      },
      // A copy: once they are written, the place they stand in may be filled anew.
      write: (bytes) => tell('out', new Uint8Array(bytes)),
      end: () => tell('out', 'fin'),
    };
  });
}
