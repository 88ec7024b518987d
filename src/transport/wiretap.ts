import { map, type NextObserver, of, tap } from 'rxjs';
import type { BoundAddress, Transport, Wire } from './transport.js';

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
  const tapped = (wire: Wire): Wire => {
    const { local, remote } = wire;
    // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
    const tell = (direction: Tapped['direction'], what: Tapped['what']) =>
      of({ local, remote, direction, what }).subscribe((each) => observer.next(each));
    return {
      local,
      remote,
      ...(wire.keepsChunks !== undefined && { keepsChunks: wire.keepsChunks }),
      ...(wire.halfClose !== undefined && { halfClose: wire.halfClose }),
      ...(wire.security !== undefined && { security: wire.security }),
      ...(wire.handshake$ && { handshake$: wire.handshake$.pipe(map(tapped)) }),
      closed$: wire.closed$,
      pause: () => wire.pause(),
      resume: () => wire.resume(),
      destroy: (options) => wire.destroy(options),
      bytes$: wire.bytes$.pipe(
        tap({
          next: (chunk) => tell('in', chunk),
          complete: () => tell('in', 'fin'),
          error: () => tell('in', 'error'),
        }),
      ),
      write(bytes, done, more) {
        // A copy: once they are written, the place they stand in may be filled anew.
        tell('out', new Uint8Array(bytes));
        return wire.write(bytes, done, more);
      },
      end(done) {
        tell('out', 'fin');
        wire.end(done);
      },
    };
  };
  return {
    ...transport,
    listen: (address, options) => transport.listen(address, options).pipe(map(tapped)),
    dial: (address, options) => transport.dial(address, options).pipe(map(tapped)),
  };
}
