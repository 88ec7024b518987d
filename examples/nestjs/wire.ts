import { type Connection, paced } from 'rx-tinyproto';
import {
  defer,
  finalize,
  ignoreElements,
  merge,
  mergeMap,
  Observable,
  ReplaySubject,
  type Subscriber,
  type Subscription,
  take,
  takeWhile,
  tap,
} from 'rxjs';
import type { Asked, Request, Told } from './packets.js';

/** One connection of a client, from the dial to its end, and who waits for answers on it. */
export class Wire {
  /** Emits when it is up, and errors if it does not come up. */
  readonly connection$ = new ReplaySubject<Connection<Told, Asked>>(1);
  private readonly waiting = new Map<string, Subscriber<Told>>();
  private readonly subscription: Subscription;
  private asked = 0;

  constructor(dialled$: Observable<Connection<Told, Asked>>) {
    let why: unknown = new Error('The connection is closed');
    this.subscription = dialled$
      .pipe(
        tap((connection) => this.connection$.next(connection)),
        // Whoever is slow is so behind a window of their own: nobody holds this.
        mergeMap(({ messages$ }) => messages$),
      )
      .subscribe({
        next: (told) => this.waiting.get(told.id)?.next(told),
        error: (error) => {
          why = error;
        },
      });
    this.subscription.add(() => {
      this.connection$.error(why);
      for (const [id, subscriber] of this.waiting) subscriber.next({ id, err: why, isDisposed: true });
    });
  }

  /** Calls back once, when it has ended. */
  whenOver(over: () => void): void {
    this.subscription.add(over);
  }

  close(): void {
    this.subscription.unsubscribe();
  }

  /** Asks when subscribed, and emits what is told, at the pace of who subscribes. Unsubscribing cancels. */
  ask(request: Omit<Request, 'id'>): Observable<Told> {
    return this.connection$.pipe(
      take(1),
      mergeMap((connection) => this.stream(connection, { ...request, id: `${this.asked++}` })),
    );
  }

  private stream(connection: Connection<Told, Asked>, request: Request): Observable<Told> {
    return defer(() => {
      const { id, window } = request;
      const tell = (packet: Asked) => connection.send(packet).subscribe({ error: () => {} }); // in vain, if it is lost
      let over = false;
      let dealtWith = 0;

      const told$ = new Observable<Told>((subscriber) => {
        this.waiting.set(id, subscriber);
        return () => this.waiting.delete(id);
      });
      return merge(told$, connection.send(request).pipe(ignoreElements())).pipe(
        paced(undefined, { maxWaiting: window + 1 }),
        tap(({ isDisposed = false }) => {
          over = isDisposed;
          dealtWith++;
          if (over || dealtWith < window / 2) return;
          tell({ id, more: dealtWith });
          dealtWith = 0;
        }),
        takeWhile(() => !over, true),
        finalize(() => over || tell({ id, cancel: true })),
      );
    });
  }
}
