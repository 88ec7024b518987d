import {
  AsyncSubject,
  delay,
  from,
  type NextObserver,
  Observable,
  type ObservableInput,
  type Observer,
  type OperatorFunction,
  Subscriber,
  Subscription,
  type TeardownLogic,
  timer,
  type Unsubscribable,
} from 'rxjs';
import { blame, claim } from '../connection/claim.js';
import type { Connection } from '../connection/connection.js';
import { positive } from '../connection/options.js';
import { ProtocolError, SendError, WireError } from '../errors.js';
import { timerMs } from '../time.js';
import { type ProgressTeller, progressTeller, type ShutdownProgress } from './shutdown-progress.js';

/** What a handler of {@link serve} is given beside its connection. */
export interface ServeContext {
  /** Emits once, and completes, when the server is to stop: end the conversation. Replays. */
  readonly stopping$: Observable<void>;
}

/** Options of {@link serve}. */
export interface ServeOptions<C> {
  /**
   * Told the error of a handler, whose connection is destroyed then. Without it, errors of the peer and of the road are dropped, and any other
   * goes to `console.error`.
   */
  readonly onError?: (error: unknown, connection: C) => void;
  /** How long a conversation may take to end once it is told that the server stops, before it is destroyed. @default 10,000 */
  readonly graceMs?: number;
  /**
   * Over how long the conversations are told, each at a random time of its own, so that the clients of a large server do not come back all at once.
   * @default 0: all are told at once
   */
  readonly spreadMs?: number;
  /** Where chance comes from: a number from 0 to below 1. @default Math.random */
  readonly random?: () => number;
  /** Told how many connections are left, when the server stops and whenever one has closed since; completes when none is. */
  readonly progressObserver?: Observer<ShutdownProgress> | NextObserver<ShutdownProgress>;
}

/**
 * Owns the connections of a server: runs the handler for each, emits what the handlers emit, and closes what they leave.
 *
 *     listen(…)   --c-----d-------|        the source completes: stop
 *     handler(c)    --a--------b|          completes: `c` is closed in order
 *     handler(d)          #                errors: `d` alone is destroyed
 *     stopping$   ----------------(x|)
 *     serve       ----a--------b--|        completes when the last connection is closed
 *
 * A handler that errors or throws harms its own connection. The source completes (a `takeUntil` above): `stopping$` emits, open handlers have
 * `graceMs` (default 10,000), then they are unsubscribed and their connections destroyed. With `spreadMs`, each is told at a random time of its own. The source errors: all are destroyed, and the error is passed on.
 * Unsubscribing destroys all at once.
 *
 * @example
 * ```ts
 * import { consume, listen, serve } from 'rx-tinyproto';
 * import { takeUntil, timer } from 'rxjs';
 *
 * listen('127.0.0.1:9123')
 *   .pipe(
 *     takeUntil(timer(60_000)),
 *     serve((conn, { stopping$ }) =>
 *       conn.messages$.pipe(
 *         takeUntil(stopping$),
 *         consume((message) => conn.send(message)),
 *       ),
 *     ),
 *   )
 *   .subscribe();
 * ```
 */
export function serve<C extends Connection<unknown, never>, R>(
  handler: (connection: C, context: ServeContext) => ObservableInput<R>,
  {
    onError = reportOurs,
    graceMs = 10_000,
    spreadMs = 0,
    random = Math.random,
    progressObserver,
  }: ServeOptions<C> = {},
): OperatorFunction<C, R> {
  positive('graceMs', graceMs);
  if (!(spreadMs >= 0 && spreadMs < Number.POSITIVE_INFINITY))
    throw new RangeError(`spreadMs is at least 0, and finite, not ${spreadMs}`);
  const rules = { handler, onError, graceMs, spreadMs, random };
  return (source) =>
    new Observable((results) => {
      source.subscribe(new Serving(results, rules, progressTeller(progressObserver)));
    });
}

interface Rules<C, R> {
  readonly handler: (connection: C, context: ServeContext) => ObservableInput<R>;
  readonly onError: (error: unknown, connection: C) => void;
  readonly graceMs: number;
  readonly spreadMs: number;
  readonly random: () => number;
}

/** The conversations of one server. A class, as `Conversation` is: ten thousand of them cost what is made for each, and operators make much. */
class Serving<C extends Connection<unknown, never>, R> extends Subscriber<C> {
  readonly rules: Rules<C, R>;
  readonly results: Subscriber<R>;
  readonly #progress: ProgressTeller;
  readonly #stopping = new AsyncSubject<void>();
  /** What all handlers are given, if all are told at once. */
  readonly #context: ServeContext = { stopping$: this.#stopping.asObservable() };
  readonly #open = new Set<Conversation<C, R>>();
  #isStopping = false;

  constructor(results: Subscriber<R>, rules: Rules<C, R>, progress: ProgressTeller) {
    super(results);
    this.rules = rules;
    this.results = results;
    this.#progress = progress;
    // Behind the source: no connection comes any more.
    results.add(() => {
      for (const conversation of this.#open) conversation.end();
    });
  }

  protected override _next(connection: C): void {
    claim(connection);
    this.#progress.opened();
    const conversation = new Conversation(this, connection);
    this.#open.add(conversation);
    conversation.start(this.rules.spreadMs === 0 ? this.#context : this.#contextOf(conversation));
  }

  /** The source completes: stop. */
  protected override _complete(): void {
    this.unsubscribe();
    this.#isStopping = true;
    this.#progress.stop();
    if (this.rules.spreadMs === 0) this.results.add(this.#graceOver(() => this.#giveUpAll()));
    emit(this.#stopping);
    this.#completeIfDone();
  }

  /** @internal It is over, and its connection is closed. */
  ended(conversation: Conversation<C, R>): void {
    if (!this.#open.delete(conversation)) return;
    this.#progress.closed();
    this.#completeIfDone();
  }

  /** A time of its own to stop, within `spreadMs`. */
  #contextOf(conversation: Conversation<C, R>): ServeContext {
    const stopping = new AsyncSubject<void>();
    const { random, spreadMs } = this.rules;
    const { time } = conversation;
    const tell = () => {
      time.add(this.#graceOver(() => conversation.giveUp()));
      emit(stopping);
    };
    time.add(this.#stopping.pipe(delay(timerMs(random() * spreadMs))).subscribe(tell));
    return { stopping$: stopping.asObservable() };
  }

  #graceOver(giveUp: () => void): Subscription {
    const { graceMs } = this.rules;
    // What is longer than a timer can be never ends.
    return timerMs(graceMs) < graceMs ? Subscription.EMPTY : timer(graceMs).subscribe(giveUp);
  }

  #giveUpAll(): void {
    for (const conversation of this.#open) conversation.giveUp();
  }

  #completeIfDone(): void {
    if (this.#isStopping && this.#open.size === 0) this.results.complete();
  }
}

/** One connection, from its handler's begin to its own end. It subscribes to what the handler returns. */
class Conversation<C extends Connection<unknown, never>, R> extends Subscriber<R> {
  readonly #serving: Serving<C, R>;
  readonly #connection: C;
  /** What it has subscribed to: one thing, nearly always, for which RxJS would make a list with room for seventeen. */
  #source: Unsubscribable | undefined;
  #time: Subscription | undefined;
  #isEnding = false;

  constructor(serving: Serving<C, R>, connection: C) {
    super();
    this.#serving = serving;
    this.#connection = connection;
  }

  start(context: ServeContext): void {
    try {
      from(this.#serving.rules.handler(this.#connection, context)).subscribe(this);
    } catch (error) {
      this.error(error);
    }
  }

  override add(teardown: TeardownLogic): void {
    // RxJS's own operators say it twice.
    if (teardown === this.#source) return;
    if (this.#source || this.closed || !(teardown instanceof Subscription)) super.add(teardown);
    else this.#source = teardown;
  }

  override unsubscribe(): void {
    try {
      super.unsubscribe();
    } finally {
      this.#source?.unsubscribe();
    }
  }

  /** What runs for it alone, until it has ended. */
  get time(): Subscription {
    this.#time ??= new Subscription();
    return this.#time;
  }

  /** The time to end in order is over. */
  giveUp(): void {
    this.#leave();
    this.#destroy();
  }

  /** Nobody wants to know any more. */
  end(): void {
    this.#isEnding = true;
    this.#leave();
    this.#connection.destroy();
    this.#ended();
  }

  protected override _next(result: R): void {
    this.#serving.results.next(result);
  }

  protected override _error(error: unknown): void {
    this.#leave();
    this.#tell(error);
    blame(this.#connection, error);
    this.#destroy();
  }

  /** Its connection is closed in order, for which there is still time. */
  protected override _complete(): void {
    this.#leave();
    this.#waitForClose();
    this.#connection.close().subscribe();
  }

  /** What a teardown of the handler throws would otherwise keep its connection, and all behind it, from being ended. */
  #leave(): void {
    try {
      this.unsubscribe();
    } catch (error) {
      this.#tell(error);
    }
  }

  #tell(error: unknown): void {
    try {
      this.#serving.rules.onError(error, this.#connection);
    } catch (mistake) {
      this.#serving.results.error(mistake);
    }
  }

  #destroy(): void {
    this.#waitForClose();
    this.#connection.destroy();
  }

  #waitForClose(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#connection.closed$.subscribe({ complete: () => this.#ended() });
  }

  #ended(): void {
    this.#time?.unsubscribe();
    this.#serving.ended(this);
  }
}

function emit(subject: AsyncSubject<void>): void {
  subject.next();
  subject.complete();
}

/** Errors of the peer and of the road are their business; what is left is a mistake that somebody should hear of. */
function reportOurs(error: unknown): void {
  const theirs =
    error instanceof ProtocolError ||
    error instanceof WireError ||
    (error instanceof SendError && error.code === 'connection-closed');
  if (!theirs) console.error(error);
}
