import type { JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node';
import {
  BehaviorSubject,
  defer,
  EMPTY,
  finalize,
  from,
  ignoreElements,
  merge,
  mergeMap,
  NEVER,
  Observable,
  of,
  retry,
  Subject,
  share,
  switchMap,
  tap,
  throwError,
  timer,
} from 'rxjs';
import { type BackoffOptions, backoff } from '../client/backoff.js';
import { positive } from '../connection/options.js';
import { WireError } from '../errors.js';
import type { Bus, BusState, Letter } from '../span/bus.js';
import { busAway, tooLarge } from '../span/bus-errors.js';
import { type Confirmations, confirmations } from './confirmations.js';
import { dialNats } from './dial.js';
import { type HistoryOptions, openHistory, readHistory } from './history.js';
import { headerBytes, headersOf, letterOf } from './letters.js';

/** Options of {@link nats}. */
export interface NatsOptions extends BackoffOptions {
  /** The servers, as `host:port`: the first that answers is taken. Name all of a cluster. @default '127.0.0.1:4222' */
  readonly servers?: string | readonly string[];
  /** What else the client is told: credentials, TLS, a name. How it reconnects is decided here. */
  readonly connection?: Omit<NodeConnectionOptions, 'servers' | 'port' | 'reconnect' | 'noEcho'>;
  /** What all our subjects begin with. @default 'rx-tinyproto' */
  readonly prefix?: string;
  /** The longest wait between two attempts, in milliseconds. @default 5,000 */
  readonly maxDelayMs?: number;
  /** How long the server may take to confirm what was published, in milliseconds, before the connection is taken for lost. @default 5,000 */
  readonly answerTimeoutMs?: number;
  /** Keeps the messages of rooms in a JetStream stream, for newcomers and for who was away. @default none are kept */
  readonly history?: HistoryOptions;
}

/** One connection, with what we know of it. */
interface Link {
  readonly connection: NatsConnection;
  readonly confirmations: Confirmations;
  readonly manager: JetStreamManager | undefined;
  /** It is of no use, and that is why. */
  fail(error: unknown): void;
}

/**
 * The bus that a NATS server is: what rooms in any number of processes and machines are connected by.
 *
 *     state$     connecting ─▶ up ─▶ away ─▶ up …
 *     wait                            with the error; another attempt after `backoff` (below 250 ms, doubling up to 5 s)
 *
 * One connection serves all rooms of a process; it is made when the first needs it and closed behind the last. What is published is confirmed when the server has answered a PING behind
 * it. A server that does not within `answerTimeoutMs` (default 5,000) is taken for lost. NATS keeps the order of each publisher, on all of our subjects, and promises no more: what is published
 * while a subscriber is away is lost to it, unless there is a `history`. A process that reads too slowly is cut off by the server (its `max_pending`, 64 MiB, and `write_deadline`, 10 s): that is a loss like any other, `away`, and rooms tell how much they missed.
 *
 * With `history`, a stream keeps the last `perRoom` (default 100) messages of each room: a room with `replay` begins with them, and fills in with them what it missed. It outlives all processes.
 * A server without JetStream is `away` then, with the error that says so.
 *
 * @example
 * ```ts
 * import { text } from 'rx-tinyproto';
 * import { broadcast, nats } from 'rx-tinyproto/nats';
 *
 * const room = broadcast<string>({ bus: nats({ servers: '127.0.0.1:4222' }), name: 'lobby', codec: text() });
 * room.state$.subscribe(({ state }) => console.log(state)); // connecting, up
 * ```
 */
export function nats(options: NatsOptions = {}): Bus {
  const { prefix = 'rx-tinyproto', answerTimeoutMs = 5_000 } = options;
  const history = options.history && { stream: prefix.replaceAll('.', '-'), ...options.history };
  positive('answerTimeoutMs', answerTimeoutMs);
  if (!/^[\w-]+(\.[\w-]+)*$/.test(prefix))
    throw new TypeError('prefix is words of letters, digits, - and _, with dots between them');
  if (prefix.length > 256) throw new RangeError(`prefix has 256 characters at most, not ${prefix.length}`);
  const delayMs = backoff({ minDelayMs: 250, maxDelayMs: 5_000, ...options });
  const states = new BehaviorSubject<BusState>({ state: 'connecting' });
  const links = new BehaviorSubject<Link | undefined>(undefined);
  let attempt = 0;
  const subjectOf = (subject: string) => `${prefix}.${subject}`;

  /** A link that has what it is for: our subscriptions, and the history if there is one. */
  const openLink = (connection: NatsConnection): Observable<never> => {
    const broken = new Subject<never>();
    const fail = (error: unknown) => broken.error(error);
    const confirmed = confirmations(connection, answerTimeoutMs, () => fail(silent(answerTimeoutMs)));
    const opened$: Observable<JetStreamManager | undefined> = history
      ? openHistory(connection, subjectOf('messages.>'), history)
      : of(undefined);
    const up$ = opened$.pipe(
      tap((manager) => links.next({ connection, confirmations: confirmed, manager, fail })),
      switchMap(() => connection.flush()), // the server has our subscriptions
      tap(() => {
        attempt = 0;
        states.next({ state: 'up', maxLetterBytes: mostOf(connection) });
      }),
      ignoreElements(),
    );
    return merge(up$, refusals(connection), broken);
  };

  const unlink = (state: BusState, cause?: unknown) => {
    const link = links.value;
    links.next(undefined);
    states.next(state);
    link?.confirmations.lost(cause);
  };

  const open$: Observable<never> = defer(() => dialNats(dialOptions(options))).pipe(
    switchMap(openLink),
    retry({
      delay: (error) => {
        unlink({ state: 'away', error }, error);
        return timer(delayMs(++attempt));
      },
    }),
    finalize(() => unlink({ state: 'connecting' })),
    share(),
  );
  const whileOpen = <T>(stream$: Observable<T>): Observable<T> => merge(stream$, open$);

  const receive = (subject: string) =>
    links.pipe(switchMap((link) => (link ? lettersOn(link, subjectOf(subject)) : NEVER)));

  const publish = (subject: string, letter: Letter) =>
    new Observable<void>((subscriber) => {
      const [link, state] = [links.value, states.value];
      if (!link || state.state !== 'up') return subscriber.error(busAway('not-sent'));
      const most = mostOf(link.connection);
      if (letter.bytes.length > most) return subscriber.error(tooLarge(letter.bytes.length, most));
      const isKept = history !== undefined && subject.startsWith('messages.');
      try {
        link.connection.publish(subjectOf(subject), letter.bytes, { headers: headersOf(letter, isKept) });
      } catch (cause) {
        return subscriber.error(busAway('not-sent', cause));
      }
      link.confirmations.add(subscriber);
    });

  return {
    id: crypto.randomUUID(),
    state$: whileOpen(states),
    receive: (subject) => whileOpen(receive(subject)),
    publish,
    ...(history && {
      history: (subject: string, count: number) =>
        defer(() => {
          const manager = links.value?.manager;
          if (!manager) return throwError(() => busAway('not-sent'));
          return readHistory(manager, subjectOf(subject), count, history).pipe(mergeMap((all) => all));
        }),
    }),
  };
}

function lettersOn({ connection, fail }: Link, subject: string): Observable<Letter> {
  return new Observable((subscriber) => {
    const subscription = connection.subscribe(subject, {
      callback: (error, message) => {
        if (error) return fail(error); // we may not read here, say: a link without its subscriptions is none
        const letter = letterOf(message);
        if (letter) subscriber.next(letter);
      },
    });
    return () => subscription.unsubscribe();
  });
}

/** What the server would not have of us, that we may not write here, say, it tells without saying of which message: errors with that. */
function refusals(connection: NatsConnection): Observable<never> {
  return from(connection.status()).pipe(
    mergeMap((status) => (status.type === 'error' ? throwError(() => status.error) : EMPTY)),
  );
}

/** The largest letter at present: a server may be told another bound while it runs. */
function mostOf({ info }: NatsConnection): number {
  return (info?.max_payload ?? 1 << 20) - headerBytes;
}

function silent(answerTimeoutMs: number): WireError {
  return new WireError('timed-out', `The NATS server has not answered for ${answerTimeoutMs} ms`);
}

function dialOptions({
  servers = '127.0.0.1:4222',
  connection,
  answerTimeoutMs,
}: NatsOptions): NodeConnectionOptions {
  return {
    pingInterval: 10_000,
    timeout: answerTimeoutMs ?? 5_000,
    ...connection,
    servers: typeof servers === 'string' ? servers : [...servers],
  };
}
