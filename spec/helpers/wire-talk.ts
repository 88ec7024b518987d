import { AsyncSubject, asapScheduler, firstValueFrom, Observable, type Observer, observeOn, of } from 'rxjs';
import type { Closed, Connection } from '../../src/connection/connection.js';
import { openConnection } from '../../src/connection/open-connection.js';
import { type ConnectionOptions, connectionSettings } from '../../src/connection/options.js';
import type { Framing } from '../../src/framing/framing.js';
import type { Wire, WireClosed } from '../../src/transport/transport.js';
import { hexOf } from './decoded.js';

/** A connection whose peer is this spec: what it is given, and what it has done to its wire. */
export class Talk {
  readonly heard: string[] = [];
  readonly did: string[] = [];
  readonly closing = new AsyncSubject<WireClosed>();
  connection!: Connection;
  #bytes!: Observer<Uint8Array>;

  constructor(framing: Framing, options: ConnectionOptions = {}, parts: Partial<Wire> = {}) {
    const wire: Wire = {
      local: { host: '', port: 0 },
      remote: { host: '', port: 0 },
      bytes$: new Observable((subscriber) => {
        this.#bytes = subscriber;
      }),
      write: () => true,
      pause: () => {},
      resume: () => {},
      end: () => this.did.push('fin'),
      destroy: ({ reset } = {}) => this.did.push(reset ? 'reset' : 'destroy'),
      closed$: this.closing,
      ...parts,
    };
    openConnection(wire, connectionSettings<Uint8Array, Uint8Array>({ framing }, options)).subscribe(
      (made) => {
        this.connection = made;
      },
    );
  }

  /** What comes is read. */
  async read(): Promise<this> {
    this.connection.messages$.subscribe({
      next: (message) => this.heard.push(hexOf(message)),
      error: (error) => this.heard.push(error.code ?? error.message),
      complete: () => this.heard.push('|'),
    });
    await firstValueFrom(of(0).pipe(observeOn(asapScheduler)));
    return this;
  }

  receive(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) this.#bytes.next(chunk);
    return this;
  }

  end(): this {
    this.#bytes.complete();
    return this;
  }

  close(): this {
    this.connection.close().subscribe();
    return this;
  }

  async dropped(): Promise<Closed['dropped']> {
    this.connection.destroy();
    return (await firstValueFrom(this.connection.closed$)).dropped;
  }
}
