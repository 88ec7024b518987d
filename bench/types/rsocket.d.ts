/** What we use of rsocket 0.0.27, which has no types. */
declare module 'rsocket-core' {
  import type { Flowable } from 'rsocket-flowable';

  export interface Payload {
    readonly data: Buffer;
  }
  export interface Single {
    subscribe(observer: { onComplete(answer: Payload): void; onError(error: unknown): void }): void;
  }
  export interface ReactiveSocket {
    requestResponse(question: Payload): Single;
    requestStream(question: Payload): Flowable<Payload>;
  }
  export interface Responder {
    requestResponse?(question: Payload): unknown;
    requestStream?(question: Payload): Flowable<Payload>;
  }
  export const BufferEncoders: unknown;
  export class RSocketServer {
    constructor(options: { getRequestHandler(socket: ReactiveSocket): Responder; transport: unknown });
    start(): void;
  }
  export class RSocketClient {
    constructor(options: { setup: object; transport: unknown; responder: Responder });
    connect(): { then(connected: (socket: ReactiveSocket) => void): void };
  }
}

declare module 'rsocket-flowable' {
  export interface Subscription {
    request(count: number): void;
    cancel(): void;
  }
  export interface Subscriber<T> {
    onSubscribe(subscription: Subscription): void;
    onNext(value: T): void;
    onError(error: unknown): void;
    onComplete(): void;
  }
  export class Flowable<T> {
    constructor(source: (subscriber: Subscriber<T>) => void);
    subscribe(subscriber: Subscriber<T>): void;
  }
  export const Single: { of(value: unknown): unknown };
}

declare module 'rsocket-tcp-server' {
  const server: { readonly default: new (options: object, encoders: unknown) => unknown };
  export = server;
}

declare module 'rsocket-tcp-client' {
  const client: { readonly default: new (options: object, encoders: unknown) => unknown };
  export = client;
}
