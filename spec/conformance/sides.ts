import { connect, converse, listen, serve } from 'rx-tinyproto';
import {
  BehaviorSubject,
  defer,
  delayWhen,
  EMPTY,
  filter,
  finalize,
  map,
  merge,
  type Observable,
  ReplaySubject,
  Subject,
  Subscription,
  switchMap,
  take,
  tap,
  timer,
} from 'rxjs';
import { reads } from './apps.js';
import type { Book } from './book.js';
import { perform, type Report } from './peer.js';
import type { RawEnd, Road } from './roads.js';
import type { App, Script, Side } from './suite.js';
import { fin, hears, opening, type Step, says, type Tongue } from './words.js';

/** What a script is run with. */
export interface Cast {
  readonly script: Script;
  readonly road: Road;
  readonly tongue: Tongue;
  readonly book: Book;
  readonly cut: (bytes: Uint8Array) => readonly Uint8Array[];
}

/** Whether what was asked, a fresh peer that opens, says a message and ends is let in afterwards. */
const fresh: readonly Step[] = [hears(opening), says(opening)];
const whole = (bytes: Uint8Array) => [bytes];

/** How long a wire may be on its way that never comes to anything. */
const neverMs = 300;
/** How long an app may go on with a connection that is over: some never end. */
const afterwardsMs = 100;

/** Emits what the raw peer of a script reports, when our side is done with it and a fresh peer has been let in. */
export const sideOf: Readonly<Record<Side, (cast: Cast) => Observable<Report>>> = {
  server: ({ script, road, tongue, book, cut }) =>
    defer(() => {
      const bound = new ReplaySubject<Parameters<Road['dial']>[0]>(1);
      const atWork = new BehaviorSubject(false);
      let accepted = 0;
      const serving = book
        .watch(
          'listen',
          listen(road.address(), {
            ...script.options,
            transport: book.wires(road.transport),
            framing: tongue.framing(script.limits ?? {}),
            openObserver: { next: ([at]) => at && bound.next(at) },
            eventObserver: {
              next(event) {
                if (event.type === 'accepted') accepted++;
                if (event.type === 'failed') book.failed(event.error);
              },
            },
          }),
        )
        .pipe(
          serve((connection) => appOf(script, book, accepted, atWork)(connection, book), { onError() {} }),
        )
        .subscribe({ error: (error) => book.faults.push(`the server ended: ${error}`) });

      // A reset may be there before the wire is: then no connection comes of it.
      const over$ = merge(book.over(1), timer(neverMs).pipe(filter(() => accepted === 0))).pipe(
        take(1),
        afterwards(atWork),
      );
      return bound.pipe(
        take(1),
        switchMap((at) =>
          road.dial(at).pipe(
            switchMap((end) => heardOut(end, { script, road, tongue, book, cut })),
            take(1),
            delayWhen(() => over$),
            delayWhen(() =>
              road.dial(at).pipe(
                switchMap((end) => letIn(end, road, tongue)),
                take(1),
              ),
            ),
          ),
        ),
        tap(() => serving.unsubscribe()),
        delayWhen(() => book.allClosed$),
        finalize(() => serving.unsubscribe()),
      );
    }),

  client: ({ script, road, tongue, book, cut }) =>
    defer(() => {
      const all = new Subscription();
      const ends = new Subject<RawEnd>();
      const atWork = new BehaviorSubject(false);
      let calls = 0;
      const call = (at: Parameters<typeof connect>[0]) => {
        const first = calls++ === 0;
        const { claimTimeoutMs: _, maxInboundBytes: __, ...options } = script.options ?? {};
        const connecting = connect(at, {
          ...options,
          transport: book.wires(road.transport),
          framing: tongue.framing(script.limits ?? {}),
        });
        let came = false;
        return book
          .watch('connect', connecting)
          .pipe(
            tap((connection) => {
              came = true;
              atWork.next(true);
              book.opened(connection);
            }),
            converse((connection) => (first ? (script.ours ?? reads) : reads)(connection, book)),
            finalize(() => atWork.next(false)),
          )
          .subscribe({ error: (error) => came || book.failed(error) });
      };
      const at = new ReplaySubject<Parameters<typeof connect>[0]>(1);
      all.add(road.accept((where) => at.next(where)).subscribe(ends));
      const meet = (steps: (end: RawEnd) => Observable<Report>) =>
        at.pipe(
          take(1),
          switchMap((where) => {
            const met = ends.pipe(take(1), switchMap(steps));
            const calling = defer(() => {
              all.add(call(where));
              return EMPTY;
            });
            return merge(met, calling);
          }),
          take(1),
        );
      return meet((end) => heardOut(end, { script, road, tongue, book, cut })).pipe(
        delayWhen(() => book.over(1)),
        afterwards(atWork),
        delayWhen(() => meet((end) => letIn(end, road, tongue))),
        delayWhen(() => book.over(2)),
        delayWhen(() => book.allClosed$),
        finalize(() => all.unsubscribe()),
      );
    }),
};

/** What is done with the connection of the script; those behind it are only let in. */
const appOf =
  (script: Script, book: Book, accepted: number, atWork: BehaviorSubject<boolean>): App =>
  (connection) => {
    book.opened(connection);
    if (accepted > 1) return reads(connection, book);
    atWork.next(true);
    return (script.ours ?? reads)(connection, book).pipe(finalize(() => atWork.next(false)));
  };

/** Lets who still reads of a connection that is over read on. */
const afterwards = <T>(atWork: Observable<boolean>) =>
  delayWhen<T>(() => merge(atWork.pipe(filter((is) => !is)), timer(afterwardsMs)));

/** The whole script. A peer that does not read would never notice that it is over. */
function heardOut(end: RawEnd, { script, road, tongue, book, cut }: Cast): Observable<Report> {
  const noticing = book.over(1).subscribe(() => end.listen());
  return perform(end, script.peer, road, tongue, cut).pipe(finalize(() => noticing.unsubscribe()));
}

/** A fresh peer opens and is answered. */
const letIn = (end: RawEnd, road: Road, tongue: Tongue): Observable<Report> =>
  perform(end, [...fresh, fin], road, tongue, whole).pipe(
    map((report) => {
      if (report.wrong !== undefined) throw new Error(`a fresh peer is not let in: it ${report.wrong}`);
      return report;
    }),
  );
