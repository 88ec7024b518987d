import {
  BaseRpcContext,
  type CustomTransportStrategy,
  type MessageHandler,
  RpcException,
  Server,
} from '@nestjs/microservices';
import { NO_MESSAGE_HANDLER } from '@nestjs/microservices/constants.js';
import {
  type Address,
  type BoundAddress,
  type Connection,
  consume,
  type ListenOptions,
  listen,
  SendError,
  type ServeContext,
  type ServeOptions,
  serve,
} from 'rx-tinyproto';
import {
  catchError,
  concat,
  defer,
  EMPTY,
  filter,
  finalize,
  from,
  ignoreElements,
  isObservable,
  lastValueFrom,
  merge,
  mergeMap,
  Observable,
  Subject,
  share,
  takeUntil,
  throwError,
} from 'rxjs';
import { type Asked, type Event, type Request, serverCodec, type Told } from './packets.js';
import { sendWithin, WindowError } from './window.js';

export interface TinyprotoServerOptions
  extends Omit<ListenOptions, 'codec' | 'openObserver'>,
    Pick<ServeOptions<Connection>, 'graceMs'> {
  readonly address: Address | readonly Address[];
  /** Requests of one client at work at once; one more is refused. @default 1,024 */
  readonly maxRequests?: number;
  /** Events of one client at work at once; more wait with the client. @default 64 */
  readonly maxEvents?: number;
}

/** What handlers find behind `@Ctx()`. */
export class TinyprotoContext extends BaseRpcContext<[connection: Connection<Asked, Told>, pattern: string]> {
  get connection(): Connection<Asked, Told> {
    return this.args[0];
  }

  get pattern(): string {
    return this.args[1];
  }
}

/**
 * Nest's handlers behind `listen`: a strategy for `createMicroservice`.
 *
 * A handler answers with a value, a promise, an Observable or an `AsyncIterable`; of the latter two the client gets a stream, which is unsubscribed, or
 * returned, when the client wants no more or is gone. When it is closed, requests at work have `graceMs` to be answered.
 */
export class TinyprotoServer
  extends Server<Record<string, never>, 'listening' | 'closed'>
  implements CustomTransportStrategy
{
  override readonly transportId = Symbol('rx-tinyproto');
  private readonly stop$ = new Subject<void>();
  private readonly ended$ = new Subject<never>();
  private bound: readonly BoundAddress[] = [];

  constructor(private readonly settings: TinyprotoServerOptions) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    const { address, graceMs, maxRequests, maxEvents, ...options } = this.settings;
    const opened = (bound: readonly BoundAddress[]) => {
      this.bound = bound;
      this._status$.next('listening');
      callback();
    };
    listen(address, { ...options, codec: serverCodec, openObserver: { next: opened } })
      .pipe(
        takeUntil(this.stop$),
        serve((conn, context) => this.converse(conn, context), graceMs === undefined ? {} : { graceMs }),
        finalize(() => this._status$.next('closed')),
      )
      .subscribe({ error: callback, complete: () => this.ended$.complete() });
  }

  async close(): Promise<void> {
    if (this.bound.length === 0) return;
    const ended = lastValueFrom(this.ended$, { defaultValue: undefined });
    this.stop$.next();
    await ended;
  }

  /** The addresses that were bound. */
  unwrap<T = readonly BoundAddress[]>(): T {
    return this.bound as T;
  }

  on(): never {
    throw new Error('There are no events to listen to: see `status`');
  }

  private converse(conn: Connection<Asked, Told>, { stopping$ }: ServeContext): Observable<never> {
    const { maxRequests = 1_024, maxEvents = 64 } = this.settings;
    const packets$ = conn.messages$.pipe(share());
    let atWork = 0;

    const requests$ = packets$.pipe(
      takeUntil(stopping$),
      filter(isRequest),
      mergeMap((request) => {
        if (atWork >= maxRequests) return conn.send({ id: request.id, err: tooMany, isDisposed: true });
        atWork++;
        return this.respond(conn, request, packets$).pipe(finalize(() => atWork--));
      }),
    );
    const events$ = packets$.pipe(
      takeUntil(stopping$),
      filter(isEvent),
      consume(({ event, data }) => this.hear(event, data, contextOf(conn, event)), {
        concurrency: maxEvents,
      }),
    );
    return merge(requests$, events$).pipe(ignoreElements());
  }

  /** Nest tells of what goes wrong in a handler; what is left is a pattern that is none. */
  private hear(event: string, data: unknown, context: TinyprotoContext): Observable<unknown> {
    return from(this.handleEvent(event, { pattern: event, data }, context)).pipe(
      catchError((error) => {
        this.logger.error(error);
        return EMPTY;
      }),
    );
  }

  /** All that becomes of a request: never an error, whatever the handler does. */
  private respond(
    conn: Connection<Asked, Told>,
    { id, pattern, data, window: size }: Request,
    packets$: Observable<Asked>,
  ): Observable<unknown> {
    const tell = (told: Omit<Told, 'id'>) => conn.send({ id, ...told });
    const context = contextOf(conn, pattern);
    const cancelled$ = packets$.pipe(filter((packet) => 'cancel' in packet && packet.id === id));
    const more$ = packets$.pipe(
      mergeMap((packet) => ('more' in packet && packet.id === id ? [packet.more] : [])),
    );

    return defer(() => {
      const handler = this.getHandlerByPattern(pattern);
      return handler ? this.run(handler, data, context) : throwError(() => NO_MESSAGE_HANDLER);
    }).pipe(
      mergeMap((result) =>
        isStream(result)
          ? concat(
              sendWithin({ size, more$ }, result, (response) => tell({ response })),
              defer(() => tell({ isDisposed: true })),
            )
          : tell({ response: result, isDisposed: true }),
      ),
      catchError((error) => tell({ err: this.tellable(error), isDisposed: true })),
      catchError(() => EMPTY), // the connection is gone, which it tells by itself
      takeUntil(merge(cancelled$, conn.closed$)),
      finalize(() => this.onProcessingEndHook?.(this.transportId, context)),
    );
  }

  /** What a handler returns: Nest makes a promise of everything, but for an Observable in it. */
  private run(handler: MessageHandler, data: unknown, context: TinyprotoContext): Observable<unknown> {
    return new Observable((subscriber) => {
      this.onProcessingStartHook(this.transportId, context, async () => {
        subscriber.add(from((async () => handler(data, context))()).subscribe(subscriber));
      });
    });
  }

  /** What a client is told of an error. Nest's exception filters have seen most; of what they have not, only what was meant for others goes out. */
  private tellable(error: unknown): unknown {
    if (error instanceof RpcException) return withStatus(error.getError());
    if (error instanceof WindowError || error instanceof SendError) return withStatus(error.message);
    if (!(error instanceof Error)) return error;
    this.logger.error(error);
    return withStatus('Internal server error');
  }
}

const tooMany = { status: 'error', message: 'There are too many requests at work' };

const withStatus = (error: string | object) =>
  typeof error === 'string' ? { status: 'error', message: error } : error;

const isRequest = (packet: Asked): packet is Request => 'pattern' in packet;
const isEvent = (packet: Asked): packet is Event => 'event' in packet;

const isStream = (result: unknown): result is Observable<unknown> | AsyncIterable<unknown> =>
  isObservable(result) || (typeof result === 'object' && result !== null && Symbol.asyncIterator in result);

const contextOf = (conn: Connection<Asked, Told>, pattern: string) => new TinyprotoContext([conn, pattern]);
