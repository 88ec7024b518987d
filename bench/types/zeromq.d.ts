/** What we use of zeromq's own types: the bench's packages are not there when the types of the house are checked. */
declare module 'zeromq' {
  class Socket {
    readonly lastEndpoint: string | null;
    bind(address: string): Promise<void>;
    connect(address: string): void;
  }
  export class Push extends Socket {
    send(message: Uint8Array): Promise<void>;
  }
  export class Pull extends Socket implements AsyncIterable<Buffer[]> {
    [Symbol.asyncIterator](): AsyncIterator<Buffer[]>;
  }
  export class Pair extends Socket implements AsyncIterable<Buffer[]> {
    send(message: Uint8Array): Promise<void>;
    [Symbol.asyncIterator](): AsyncIterator<Buffer[]>;
  }
}
