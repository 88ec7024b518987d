import { isObservable, map, type NextObserver, Observable, of, take, throwIfEmpty } from 'rxjs';
import { WireError } from '../errors.js';
import { demandTimes } from './patience.js';
import { type Accept, tlsAcceptor } from './tls-accept.js';
import type { Tls, TlsOptions } from './tls-options.js';

/**
 * The acceptor of the moment: the first before anything is accepted, another whenever certificates are renewed.
 *
 *     options    a-----b--x--c--#
 *     acceptor   A-----B-----C---        x is no good, and the source fails: told as trouble, and those from before stay
 *
 * Errors only where there is no good one yet. Throws a `TypeError` at the call for options that are no good and will not change.
 */
export function acceptors(
  tls: Tls,
  troubleObserver: NextObserver<WireError> | undefined,
): Observable<Accept> {
  if (tls === true) throw new TypeError('A listener needs a certificate: tls: { cert, key }');
  if (!isObservable(tls)) return of(checkedAcceptor(tls));
  return new Observable((subscriber) => {
    let some = false;
    const failed = (cause: unknown) => {
      const error = new WireError(
        'tls-failed',
        'The new certificates are no good, and those from before stay',
        {
          cause,
        },
      );
      if (some) of(error).subscribe((each) => troubleObserver?.next(each));
      else subscriber.error(cause);
    };
    return tls.subscribe({
      next(options) {
        let next: Accept;
        try {
          next = checkedAcceptor(options);
        } catch (error) {
          failed(error);
          return;
        }
        some = true;
        subscriber.next(next);
      },
      error: failed,
      complete: () => some || failed(new TypeError('The certificates ended before there were any')),
    });
  });
}

/** What to dial with: of options that change, the latest. */
export function latestOptions(tls: Tls): Observable<TlsOptions> {
  if (tls === true) return of({});
  if (!isObservable(tls)) return of(demandMeant(tls));
  const none = () => new TypeError('The certificates ended before there were any');
  return tls.pipe(take(1), throwIfEmpty(none), map(demandMeant));
}

/** Node would take a name that is none for `localhost`. */
function demandMeant(options: TlsOptions): TlsOptions {
  const { serverName = 'localhost' } = options;
  if (typeof serverName !== 'string' || serverName === '') throw new TypeError('serverName is a name');
  demandTimes({ 'tls.handshakeTimeoutMs': options.handshakeTimeoutMs });
  return options;
}

function checkedAcceptor(options: TlsOptions): Accept {
  const { cert, key, certificates, presharedKey, ca, clientCertificates = 'ignore' } = options;
  if ((cert === undefined) !== (key === undefined))
    throw new TypeError('A certificate and its key go together');
  if (cert === undefined && certificates === undefined && presharedKey === undefined)
    throw new TypeError('A listener needs a certificate: tls: { cert, key }');
  if (presharedKey !== undefined && typeof presharedKey !== 'function')
    throw new TypeError('To listen, presharedKey is a function from identity to key');
  if (!['ignore', 'ask', 'demand'].includes(clientCertificates))
    throw new TypeError(
      `clientCertificates is 'ignore', 'ask' or 'demand', not ${String(clientCertificates)}`,
    );
  // Node would trust whatever any public authority has signed, which is everybody.
  if (clientCertificates !== 'ignore' && ca === undefined)
    throw new TypeError('Client certificates need ca: who may sign them');
  demandMeant(options);
  try {
    return tlsAcceptor(options);
  } catch (cause) {
    throw new TypeError('The certificates are no good; see the cause', { cause });
  }
}
