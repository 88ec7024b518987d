import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';
import { from, ignoreElements, merge, mergeMap, Observable, take, timer } from 'rxjs';

/** How long what was written last may take to go out, when the connection is no longer wanted. */
const farewellMs = 1_000;

/**
 * Connects to a NATS server, to the first of them that answers: emits the connection, and errors with the cause when it is lost, for it never redials by itself. What is published between a
 * loss and a reconnect by the client would be kept or lost without a word; here whoever dials again knows. Unsubscribing lets what was written go out, then closes.
 */
export function dialNats(options: NodeConnectionOptions): Observable<NatsConnection> {
  return new Observable((subscriber) => {
    let present: NatsConnection | undefined;
    from(connect({ noAsyncTraces: true, ...options, reconnect: false, noEcho: true })).subscribe({
      next: (connection) => {
        present = connection;
        if (subscriber.closed) leave(connection);
        else subscriber.next(connection);
        from(connection.closed()).subscribe((cause) => {
          present = undefined;
          subscriber.error(cause ?? new Error('The connection to the NATS server was lost'));
        });
      },
      error: (error) => subscriber.error(error),
    });
    subscriber.add(() => present && leave(present));
  });
}

function leave(connection: NatsConnection): void {
  const over$ = merge(from(connection.flush()), timer(farewellMs)).pipe(take(1));
  over$
    .pipe(
      mergeMap(() => connection.close()),
      ignoreElements(),
    )
    .subscribe({ error: () => void connection.close() });
}
