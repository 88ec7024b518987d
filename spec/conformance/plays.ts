import {
  type Address,
  type Connection,
  type ConnectOptions,
  connect,
  converse,
  type ListenOptions,
  listen,
  serve,
} from 'rx-tinyproto';
import {
  concat,
  defer,
  finalize,
  ignoreElements,
  map,
  merge,
  type Observable,
  ReplaySubject,
  Subject,
  switchMap,
  take,
  takeUntil,
  tap,
  throwError,
} from 'rxjs';
import { reads } from './apps.js';
import { codeOf } from './book.js';
import { perform, type Report } from './peer.js';
import type { App, Stage } from './suite.js';
import { strict } from './tongues.js';
import { body, fin, header, hears, message, ok, opening, type Step, says } from './words.js';

/** Where something listens. */
export type At = Parameters<Stage['road']['dial']>[0];

/** A server of ours in a play. */
export interface Up {
  readonly at: At;
  readonly all: readonly At[];
  /** Completes the source of `serve`: stop in order. */
  stop(): void;
  /** Unsubscribes. */
  abort(): void;
  /** `complete`, or the code of the error. */
  readonly ended$: Observable<string>;
}

/** What a play sets of its server. */
export interface UpOptions extends Omit<ListenOptions, 'codec'> {
  readonly app?: App;
  readonly address?: Address | readonly Address[];
  readonly graceMs?: number;
}

/** Runs a body beside a server of ours, which goes when the body is over. */
export function withServer(
  { road, book }: Stage,
  { app = reads, address, graceMs = 10_000, ...options }: UpOptions,
  body: (server: Up) => Observable<unknown>,
): Observable<unknown> {
  return defer(() => {
    const bound = new ReplaySubject<readonly At[]>(1);
    const ended = new ReplaySubject<string>(1);
    const stopping = new Subject<void>();
    const serving = book
      .watch(
        'listen',
        listen(address ?? road.address(), {
          transport: book.wires(road.transport),
          ...options,
          openObserver: { next: (all) => bound.next(all) },
        }),
      )
      .pipe(
        takeUntil(stopping),
        serve(
          (connection) => {
            book.opened(connection);
            return app(connection, book);
          },
          { graceMs, onError() {} },
        ),
      )
      .subscribe({ error: (error) => ended.next(codeOf(error)), complete: () => ended.next('complete') });
    const early = ended.pipe(
      switchMap((code) => throwError(() => new Error(`the server ended early: ${code}`))),
    );
    const up = (all: readonly At[]): Up => ({
      at: all[0] as At,
      all,
      stop: () => stopping.next(),
      abort: () => serving.unsubscribe(),
      ended$: ended.pipe(take(1)),
    });
    return concat(
      merge(bound, early).pipe(
        take(1),
        switchMap((all) => body(up(all as readonly At[]))),
      ),
      defer(() => {
        serving.unsubscribe();
        return book.allClosed$;
      }),
    ).pipe(finalize(() => serving.unsubscribe()));
  });
}

/** A conversation of a client of ours: completes when it is over, whatever ends it, and emits the code if it failed. */
export const calls = (
  { road, book }: Stage,
  at: Address,
  app: App = reads,
  options: Omit<ConnectOptions, 'codec'> = {},
): Observable<unknown> =>
  book.watch('connect', connect(at, { transport: book.wires(road.transport), ...options })).pipe(
    tap((connection) => book.opened(connection)),
    converse((connection: Connection) => app(connection, book)),
  );

/** A raw peer that calls, and does as a script says; errors if it hears something else. */
export const peerDoes = (
  { road }: Pick<Stage, 'road'>,
  at: At,
  steps: readonly Step[],
  tongue = strict,
): Observable<Report> =>
  road.dial(at).pipe(
    switchMap((end) => perform(end, steps, road, tongue, (bytes) => [bytes])),
    take(1),
    map((report) => {
      if (report.wrong !== undefined) throw new Error(`the peer ${report.wrong}`);
      return report;
    }),
  );

/** A message and its echo, and the end: what whoever is well does. */
export const asks: readonly Step[] = [
  says(opening, message('a')),
  hears(opening, ok, header('a')),
  says(ok),
  hears(body('a')),
  fin,
];

/** Raw peers that wait for calls, each with the next of the scripts, the last one for all that follow; beside them, a body. */
export const withPeers = (
  { road, book }: Stage,
  scripts: readonly (readonly Step[])[],
  body: (at: Address) => Observable<unknown>,
): Observable<unknown> =>
  defer(() => {
    const at = new ReplaySubject<Address>(1);
    let count = 0;
    const peers = road
      .accept((where) => at.next(where))
      .subscribe((end) => {
        const steps = scripts[Math.min(count++, scripts.length - 1)] ?? [];
        peers.add(perform(end, steps, road, strict, (bytes) => [bytes]).subscribe());
      });
    return concat(at.pipe(take(1), switchMap(body)), book.allClosed$).pipe(
      finalize(() => peers.unsubscribe()),
    );
  });

/** Emits what an Observable ends with: `complete`, or the code of its error. */
export const endOf = (source: Observable<unknown>): Observable<string> =>
  defer(() => {
    const end = new ReplaySubject<string>(1);
    const subscription = source.subscribe({
      error: (error) => {
        end.next(codeOf(error));
        end.complete();
      },
      complete: () => {
        end.next('complete');
        end.complete();
      },
    });
    return end.pipe(finalize(() => subscription.unsubscribe()));
  });

/** Errors unless something ends so. */
export const endsWith = (source: Observable<unknown>, ...expected: readonly string[]): Observable<unknown> =>
  endOf(source).pipe(tap((end) => expect(`${end} is ${expected}`, expected.includes(end))));

/** Throws if something is not so. */
export function expect(what: string, isSo: boolean): void {
  if (!isSo) throw new Error(`not so: ${what}`);
}

/** Something that is looked at when its turn comes. */
export const check = (look: () => void): Observable<never> =>
  defer(() => {
    look();
    return [];
  });

/** One after the other; what each emits does not matter. */
export const inTurn = (...steps: readonly Observable<unknown>[]): Observable<unknown> =>
  concat(...steps.map((step) => step.pipe(ignoreElements())));

/** The same, again and again, one after the other. */
export const again = (count: number, step: (index: number) => Observable<unknown>): Observable<unknown> =>
  inTurn(...Array.from({ length: count }, (_, index) => defer(() => step(index))));

/** All of them at once. */
export const atOnce = (count: number, step: (index: number) => Observable<unknown>): Observable<unknown> =>
  merge(...Array.from({ length: count }, (_, index) => defer(() => step(index)))).pipe(ignoreElements());
