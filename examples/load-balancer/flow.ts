import { type Connection, consume, converse, failover, relay, serve, text } from 'rx-tinyproto';
import {
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  takeUntil,
} from 'rxjs';
import { asLongAs } from '../as-long-as.js';
import { type HealthOptions, health, isPing, pong } from './health.js';

/** For `listen` and `connect`, on all sides. */
export const lineOptions = { codec: text() };

/**
 * Gives each client a worker of its own: of those that are well, the one with the fewest clients. A worker that turns out not to be there is passed over for the
 * next. Emits how the workers are, whenever that changes.
 *
 *     worker a   well--------------------away
 *     worker b   well------------------------
 *     clients    ----1---2---3---------------4--
 *     go to          a   b   a               b        1 and 3 are cut off with a
 *
 * From there on a client talks with its worker as if nobody stood between them: a slow one holds the other, and the end of one is the end of the other. A client
 * that comes while no worker is well is hung up on.
 *
 * @param workers What dials each, whenever it is subscribed: `{ a: connect(9401, lineOptions), … }`.
 */
export function balance(
  workers: Readonly<Record<string, Observable<Connection<string>>>>,
  options?: HealthOptions,
): OperatorFunction<Connection<string>, string> {
  return (clients$) =>
    defer(() => {
      const stations = Object.entries(workers).map(([name, worker$]) => new Station(name, worker$));

      const served$ = clients$.pipe(
        serve((client, { stopping$ }) => {
          const choice = stations.filter(({ well }) => well).sort((a, b) => a.clients - b.clients);
          if (choice.length === 0) return EMPTY;
          return failover(...choice.map((station) => station.dial())).pipe(
            converse((worker) => relay(client, worker).pipe(takeUntil(stopping$))),
          );
        }),
      );
      return merge(...stations.map((station) => station.watch(options))).pipe(asLongAs(served$));
    });
}

/** A worker, as the balancer sees it. */
class Station {
  well = false;
  clients = 0;

  constructor(
    private readonly name: string,
    private readonly worker$: Observable<Connection<string>>,
  ) {}

  dial(): Observable<Connection<string>> {
    return defer(() => {
      this.clients++;
      return this.worker$;
    }).pipe(finalize(() => this.clients--));
  }

  watch(options?: HealthOptions): Observable<string> {
    return this.worker$.pipe(
      health(options),
      map((well) => {
        this.well = well;
        return `${this.name} is ${well ? 'well' : 'away'}`;
      }),
    );
  }
}

/** Something to be balanced: says each line loudly, and which worker it is. */
export function worker(name: string): OperatorFunction<Connection<string>, never> {
  return (clients$) =>
    clients$.pipe(
      serve((client, { stopping$ }) =>
        client.messages$.pipe(
          takeUntil(stopping$),
          consume((line) => client.send(isPing(line) ? pong(line) : `${name}: ${line.toUpperCase()}`)),
          ignoreElements(),
        ),
      ),
    );
}
