import { map, type Observer, tap } from 'rxjs';
import type { Transport, Wire } from './transport.js';

/** Who hears what passes on a wire, before it passes. */
export interface Ear {
  /** What comes: chunks, the peer's FIN, a fault of the road. */
  readonly bytes: Observer<Uint8Array>;
  /** What is asked of the wire. The bytes may change as soon as they are written. */
  write(bytes: Uint8Array): void;
  end(): void;
  destroy?(options: Parameters<Wire['destroy']>[0]): void;
}

/** A transport as it is, but that each of its wires has an ear. A wire that has a handshake to do, and the one that comes of it, have the same. */
export function overheard(
  transport: Transport,
  earOf: (wire: Wire, direction: 'accepted' | 'dialled') => Ear,
): Transport {
  // `Required`, here and below: what the type is given later does not compile before it is passed on, too.
  const same: Required<Transport> = {
    canSecure: transport.canSecure,
    get maxWires() {
      return transport.maxWires;
    },
    listen: (...asked) =>
      transport.listen(...asked).pipe(map((wire) => overheardWire(wire, earOf(wire, 'accepted')))),
    dial: (...asked) =>
      transport.dial(...asked).pipe(map((wire) => overheardWire(wire, earOf(wire, 'dialled')))),
  };
  return same;
}

function overheardWire(wire: Wire, ear: Ear): Wire {
  const same: Required<Wire> = {
    local: wire.local,
    remote: wire.remote,
    keepsChunks: wire.keepsChunks,
    halfClose: wire.halfClose,
    security: wire.security,
    upgrade: wire.upgrade,
    handshake$: wire.handshake$?.pipe(map((ready) => overheardWire(ready, ear))),
    bytes$: wire.bytes$.pipe(tap(ear.bytes)),
    write(...asked) {
      ear.write(asked[0]);
      return wire.write(...asked);
    },
    pause: () => wire.pause(),
    resume: () => wire.resume(),
    end(...asked) {
      ear.end();
      wire.end(...asked);
    },
    destroy(...asked) {
      ear.destroy?.(asked[0]);
      wire.destroy(...asked);
    },
    closed$: wire.closed$,
  };
  return same;
}
