import { map, Observable } from 'rxjs';
import { iterate } from '../flow/iterate.js';
import type { Wire } from '../transport/transport.js';
import { onClaim } from './claim.js';
import type { Closed, Connection } from './connection.js';
import { demandMessage, encode, type Spoken } from './encoder.js';
import { onFrames } from './frames.js';
import type { Outbox, Sender, Sending } from './outbox.js';
import { sendAll } from './send-all.js';
import { sendOne } from './single-send.js';
import type { Meter } from './traffic.js';
import { watched } from './watched.js';
import type { Water } from './water.js';

/** What the owner of a connection can ask of it, as the connection does it. */
export interface Core<In, Out> {
  readonly wire: Wire;
  readonly spoken: Spoken<In, Out>;
  readonly sends: Outbox;
  readonly mark: Water;
  readonly meter: Meter;
  readonly messages$: Observable<In>;
  readonly closed$: Observable<Closed>;
  readonly finSent$: Observable<void>;
  /** Queues a message, or fails it. Throws a `SendError` for one that cannot be encoded. */
  add(message: Out, sender: Sender): Sending | undefined;
  /** Something was queued: what can begin may. */
  sent(): void;
  /** Somebody takes charge. */
  claimed(): void;
  readonly reframe: Connection<In, Out>['reframe'];
  beginEnding(): void;
  beginClosing(): void;
  destroy(error?: unknown): void;
}

/** What its owner sees of a connection, and what other rooms may do with it. */
export function faceOf<In, Out>(core: Core<In, Out>): Connection<In, Out> {
  const { wire, spoken, sends, mark, messages$, closed$ } = core;

  const connection: Connection<In, Out> = {
    id: crypto.randomUUID(),
    local: wire.local,
    remote: wire.remote,
    traffic: core.meter,
    messages$,
    closed$,
    flow$: mark.flow$,
    destroy: core.destroy,
    reframe: core.reframe,
    send(message) {
      demandMessage(spoken, message);
      const send = sendOne(sends, (sender) => core.add(message, sender), core.sent);
      return watched()?.made(connection, message, send) ?? send;
    },
    sendAll(messages) {
      return sendAll(messages, {
        add(message, sender) {
          demandMessage(spoken, message);
          core.add(message, sender);
          core.sent();
        },
        withdrawAll: (sender) => sends.withdrawAll(sender),
        get full() {
          mark.look();
          return mark.high || sends.bodies > 0;
        },
      });
    },
    end() {
      const { name, halfClose } = spoken.framing;
      if (!halfClose) throw new TypeError(`${name} cannot half-close: use close()`);
      if (wire.halfClose === false) throw new TypeError('This road cannot half-close: use close()');
      return new Observable((subscriber) => {
        core.beginEnding();
        return core.finSent$.subscribe(subscriber);
      });
    },
    close: () =>
      new Observable((subscriber) => {
        core.beginClosing();
        return closed$.pipe(map(() => undefined)).subscribe(subscriber);
      }),
    [Symbol.asyncIterator]: () => iterate(messages$),
  };

  onClaim(connection, core.claimed);
  onFrames<Out>(connection, {
    get framing() {
      return spoken.framing;
    },
    get codec() {
      return spoken.codec;
    },
    encode: (message) => encode(spoken, message),
    send(frame) {
      if (frame.streamed !== undefined) throw new TypeError('A frame without its body cannot be sent');
      return sendOne(sends, (sender) => sends.add(frame, sender), core.sent);
    },
    begunCount: () => sends.begunCount,
  });
  return connection;
}
