import { map, Observable, type ObservableInput } from 'rxjs';
import { iterate } from '../flow/iterate.js';
import { Outcome } from '../flow/outcome.js';
import type { Security } from '../transport/tls-options.js';
import type { BoundAddress, Upgrade } from '../transport/transport.js';
import { blamed, claimed } from './claim.js';
import type { Closed, Connection, Flow, Protocol } from './connection.js';
import type { Core } from './core.js';
import { demandMessage } from './encoder.js';
import { type FrameDoor, frames } from './frames.js';
import { sendAll } from './send-all.js';
import type { Traffic } from './traffic.js';
import { watched } from './watched.js';

/** What its owner sees of a connection, and by symbols what other rooms may do with it. */
export class Face<In, Out> implements Connection<In, Out> {
  readonly #core: Core<In, Out>;
  /** Made for the first who asks. */
  #id: string | undefined;

  constructor(core: Core<In, Out>) {
    this.#core = core;
  }

  get id(): string {
    this.#id ??= crypto.randomUUID();
    return this.#id;
  }

  get local(): BoundAddress {
    return this.#core.wire.local;
  }

  get remote(): BoundAddress {
    return this.#core.wire.remote;
  }

  get security(): Security | undefined {
    return this.#core.wire.security;
  }
  get upgrade(): Upgrade | undefined {
    return this.#core.wire.upgrade;
  }

  get traffic(): Traffic {
    return this.#core.meter;
  }

  get messages$(): Observable<In> {
    return this.#core.received.messages$;
  }

  get closed$(): Observable<Closed> {
    return this.#core.life.closed$;
  }

  get flow$(): Observable<Flow> {
    return this.#core.mark.flow$;
  }

  send(message: Out): Observable<void> {
    const core = this.#core;
    demandMessage(core.spoken, message);
    const send = new Outcome(core, message);
    return watched()?.made(this, message, send) ?? send;
  }

  sendAll(messages: ObservableInput<Out>): Observable<void> {
    return sendAll(messages, this.#core);
  }

  reframe<NextIn = Uint8Array, NextOut = NextIn>(
    next: Protocol<NextIn, NextOut>,
  ): Connection<NextIn, NextOut> {
    this.#core.reframe(next);
    return this as unknown as Connection<NextIn, NextOut>;
  }

  end(): Observable<void> {
    const { name, halfClose } = this.#core.spoken.framing;
    if (!halfClose) throw new TypeError(`${name} cannot half-close: use close()`);
    if (this.#core.wire.halfClose === false) throw new TypeError('This road cannot half-close: use close()');
    return new Observable((subscriber) => {
      this.#core.beginEnding();
      return this.#core.life.finSent$.subscribe(subscriber);
    });
  }

  close(): Observable<void> {
    return new Observable((subscriber) => {
      this.#core.beginClosing();
      return this.#core.life.closed$.pipe(map(() => undefined)).subscribe(subscriber);
    });
  }

  destroy(error?: unknown): void {
    this.#core.destroy(error);
  }

  [Symbol.asyncIterator](): AsyncIterator<In> {
    return iterate(this.messages$);
  }

  [claimed](): void {
    this.#core.claimed();
  }

  [blamed](error: unknown): void {
    this.#core.life.blame ??= { handlerError: error };
  }

  get [frames](): FrameDoor<Out> {
    return this.#core;
  }
}
