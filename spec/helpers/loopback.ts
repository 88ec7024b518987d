import {
  type Address,
  type BoundAddress,
  type Connection,
  type ListenOptions,
  listen,
  type ServeContext,
  serve,
} from 'rx-tinyproto';
import {
  firstValueFrom,
  lastValueFrom,
  type ObservableInput,
  ReplaySubject,
  Subject,
  skip,
  takeUntil,
} from 'rxjs';
import type { TestContext } from 'vitest';

/** What a test gives to those who clean up behind it. A concurrent test has a context of its own. */
export type Cleanup = Pick<TestContext, 'onTestFinished'>;

export interface Served {
  readonly port: number;
  readonly addresses: readonly BoundAddress[];
  /** The next connection that comes; one that has come already counts, once. */
  next(): Promise<Connection>;
  /** All connections that came so far. */
  readonly connections: readonly Connection[];
  /** What handlers failed with. */
  readonly errors: readonly unknown[];
  /** Stops the server in order; resolves when the last conversation is over. */
  stop(): Promise<void>;
  /** Unsubscribes. */
  abort(): void;
}

export interface ServedOptions extends ListenOptions {
  readonly address?: Address | readonly Address[];
  readonly graceMs?: number;
}

export type Handler = (connection: Connection, context: ServeContext) => ObservableInput<unknown>;

/** A server on a loopback port of the system's choice, up when resolved. It does not outlive the test. */
export async function serving(
  { onTestFinished }: Cleanup,
  handler: Handler,
  { address = 0, graceMs = 10_000, ...options }: ServedOptions = {},
): Promise<Served> {
  const stopping = new Subject<void>();
  const bound = new Subject<readonly BoundAddress[]>();
  const over = new Subject<void>();
  const connections: Connection[] = [];
  const came = new ReplaySubject<Connection>();
  let asked = 0;
  const errors: unknown[] = [];

  const addresses = firstValueFrom(bound);
  const subscription = listen(address, { ...options, openObserver: bound })
    .pipe(
      takeUntil(stopping),
      serve(
        (connection, context) => {
          connections.push(connection);
          came.next(connection);
          return handler(connection, context);
        },
        { graceMs, onError: (error) => errors.push(error) },
      ),
    )
    .subscribe({
      error: (error) => {
        bound.error(error);
        over.error(error);
      },
      complete: () => over.complete(),
    });
  onTestFinished(() => subscription.unsubscribe());

  const [first = { path: '' }] = await addresses;
  return {
    port: 'port' in first ? first.port : 0,
    addresses: await addresses,
    next: () => firstValueFrom(came.pipe(skip(asked++))),
    connections,
    errors,
    stop() {
      const end = lastValueFrom(over, { defaultValue: undefined });
      stopping.next();
      return end;
    },
    abort: () => subscription.unsubscribe(),
  };
}
