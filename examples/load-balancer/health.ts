import { type Connection, type ReconnectOptions, type ReconnectState, reconnect } from 'rx-tinyproto';
import {
  catchError,
  defer,
  distinctUntilChanged,
  exhaustMap,
  filter,
  ignoreElements,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  of,
  Subject,
  share,
  startWith,
  switchMap,
  take,
  timeout,
  timer,
} from 'rxjs';

export interface HealthOptions extends Pick<ReconnectOptions, 'minDelayMs' | 'maxDelayMs' | 'random'> {
  /** How often somebody is asked how they are. @default 1,000 */
  readonly periodMs?: number;
  /** How long they may take to say so. @default 500 */
  readonly timeoutMs?: number;
}

export const isPing = (line: string): boolean => line.startsWith('ping ');
export const pong = (ping: string): string => ping.replace('ping', 'pong');

/**
 * Whether somebody is well: there is a wire to them, and they answer in time.
 *
 *     wire      --up-----------------lost-----up-----
 *     asked       ?  ?  ?   ?   ?    '        ?
 *     answers     !  !          !    '        !
 *     health    f-t-----f-------t----f--------t------
 *
 * A wire that is lost is dialled again, as `reconnect` does, for ever: nobody is given up.
 */
export function health(options: HealthOptions = {}): OperatorFunction<Connection<string>, boolean> {
  return (wires$) =>
    defer(() => {
      const states$ = new Subject<ReconnectState>();
      const answers$ = wires$.pipe(
        reconnect({ ...options, onEnd: 'reconnect', isPermanent: () => false, stateObserver: states$ }),
        switchMap((conn) => answersTo(conn, options)),
      );
      const losses$ = states$.pipe(
        filter(({ state }) => state === 'waiting'),
        map(() => false),
      );
      return merge(losses$, answers$).pipe(startWith(false), distinctUntilChanged());
    });
}

/** Whether each question was answered in time. They are numbered, so that an answer that comes late answers no other question. */
function answersTo(
  conn: Connection<string>,
  { periodMs = 1_000, timeoutMs = 500 }: HealthOptions,
): Observable<boolean> {
  const lines$ = conn.messages$.pipe(share());

  const ask = (ping: string) =>
    merge(
      lines$.pipe(
        filter((line) => line === pong(ping)),
        take(1),
      ),
      conn.send(ping).pipe(ignoreElements()),
    ).pipe(
      map(() => true),
      timeout(timeoutMs),
      catchError(() => of(false)),
    );

  const asked$ = timer(0, periodMs).pipe(exhaustMap((number) => ask(`ping ${number}`)));
  return merge(lines$.pipe(ignoreElements()), asked$);
}
