import { ClientProxy, type ReadPacket, type WritePacket } from '@nestjs/microservices';
import { type Address, type ConnectOptions, connect } from 'rx-tinyproto';
import { firstValueFrom, mergeMap } from 'rxjs';
import { type Asked, clientCodec, type Told } from './packets.js';
import { Wire } from './wire.js';

export interface TinyprotoClientOptions extends Omit<ConnectOptions<Told, Asked>, 'codec'> {
  readonly address: Address;
  /** Answers of one stream that may be on their way, or wait here for a slow subscriber. @default 16 */
  readonly window?: number;
}

/**
 * Nest's client over `connect`: for `ClientsModule.register([{ name, customClass: TinyprotoClient, options: { address } }])`, or by itself.
 *
 * It dials with the first message. When the connection is lost, all that wait for answers are told so, and the next message dials again. Who subscribes to a stream and
 * is slow, in an operator that holds (see `consume`), slows the handler that it comes from, and nobody else; unsubscribing cancels it there.
 */
export class TinyprotoClient extends ClientProxy {
  private wire: Wire | undefined;

  constructor(private readonly settings: TinyprotoClientOptions) {
    super();
  }

  async connect(): Promise<void> {
    await firstValueFrom(this.dialled().connection$);
  }

  /** In order: what is queued goes out. Who still waits for answers is told that there will be none. */
  close(): void {
    this.wire?.close();
  }

  /** A promise of the connection of the moment. */
  unwrap<T>(): T {
    return firstValueFrom(this.dialled().connection$) as T;
  }

  protected publish({ pattern, data }: ReadPacket, callback: (packet: WritePacket) => void): () => void {
    const { window = 16 } = this.settings;
    const subscription = this.dialled()
      .ask({ pattern: this.normalizePattern(pattern), data, window })
      .subscribe({
        next: ({ err, response, isDisposed = false }) => callback({ err, response, isDisposed }),
        error: (err) => callback({ err }),
      });
    return () => subscription.unsubscribe();
  }

  /** Resolves when the server has taken it. */
  protected async dispatchEvent<T>({ pattern, data }: ReadPacket): Promise<T> {
    const event = this.normalizePattern(pattern);
    const sent$ = this.dialled().connection$.pipe(mergeMap((connection) => connection.send({ event, data })));
    return firstValueFrom(sent$) as Promise<T>;
  }

  private dialled(): Wire {
    if (this.wire) return this.wire;
    const { address, window, ...options } = this.settings;
    const wire = new Wire(connect(address, { ...options, codec: clientCodec }));
    this.wire = wire;
    wire.connection$.subscribe({ next: () => this._status$.next('connected'), error: () => {} });
    wire.whenOver(() => {
      this.wire = undefined;
      this._status$.next('disconnected');
    });
    return wire;
  }
}
