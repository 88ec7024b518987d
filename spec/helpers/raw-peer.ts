import type { Transport } from 'rx-tinyproto';
import { mergeMap, Observable } from 'rxjs';

/** What a raw peer does: bytes, FIN, RST. */
export type Deed = Uint8Array | 'fin' | 'rst';

/** A peer of bytes: does what the script says, and emits in hexadecimal what it hears, and `fin`. RST is an error. */
export const rawPeer = (net: Transport, address: string, script$: Observable<Deed>): Observable<string> =>
  net.dial(address).pipe(
    mergeMap(
      (wire) =>
        new Observable<string>((subscriber) => {
          subscriber.add(
            wire.bytes$.subscribe({
              next: (chunk) => subscriber.next(Buffer.from(chunk).toString('hex')),
              error: (error) => subscriber.error(error),
              complete: () => subscriber.next('fin'),
            }),
          );
          subscriber.add(
            script$.subscribe((deed) => {
              if (deed === 'fin') wire.end(() => {});
              else if (deed === 'rst') wire.destroy({ reset: true });
              else wire.write(deed, () => {});
            }),
          );
        }),
    ),
  );
