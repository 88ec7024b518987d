import { AsyncSubject, map, Observable, type Observer } from 'rxjs';
import { ProtocolError, SendError, WireError } from '../errors.js';
import { iterate } from '../flow/iterate.js';
import type { FramingPort, Wait } from '../framing/framing.js';
import type { BoundAddress, Wire } from '../transport/transport.js';
import { onClaim } from './claim.js';
import { deadlines } from './deadlines.js';
import { inbox } from './inbox.js';
import { type Event, lifecycle, type State } from './lifecycle.js';
import type { ConnectionSettings } from './options.js';
import { outbox } from './outbox.js';
import { writer } from './writer.js';

/** How a connection ended. */
export interface Closed {
  /** `us`: `close()`, `destroy()` or an unsubscription came first. `peer`: its FIN did. `error`: neither. */
  readonly by: 'us' | 'peer' | 'error';
  readonly error?: unknown;
  /** What came after `close()` and was dropped, complete messages only. */
  readonly dropped: { readonly messages: number; readonly bytes: number };
}

/**
 * One wire and one framing: messages come and go, whole.
 *
 * Whoever handles it owns it: `serve` and `converse` close it in order; by hand, call `close()`.
 */
export interface Connection<In = Uint8Array, Out = In> extends AsyncIterable<In> {
  /** A UUID. */
  readonly id: string;
  readonly local: BoundAddress;
  readonly remote: BoundAddress;
  /**
   * The messages of the peer, one at a time; the next comes when every hold on this one has room (see `consume`).
   *
   *     wire       --a-b---c--|        the peer sends, and ends
   *     messages$  --a-b---c--|
   *
   * Delivery starts in a later task than the subscription: all who subscribe in one turn see the first message, who comes during a
   * delivery starts with the next. It reads only while somebody is subscribed; when all have left, the next subscriber continues
   * where they left. Completes at a clean end, errors with a `ProtocolError` or a `WireError` otherwise; the connection is gone then.
   */
  readonly messages$: Observable<In>;
  /**
   * Sends a message when subscribed, and again with each further subscription. Emits once and completes when the message has been
   * taken, never inside `subscribe`: with tinyproto, when the receiver's OK has come and the kernel has the payload.
   *
   *     send('a')  ----(x|)            x is undefined
   *
   * Messages go out in the order of subscription. Unsubscribing before the first byte takes it out of the queue; afterwards it goes out
   * whole. Errors with a `SendError`; only `connection-closed` means that the connection is gone, and its `fate` says how far the message had come.
   * The bytes must not change until then.
   */
  send(message: Out): Observable<void>;
  /**
   * Ends the conversation in order: what is queued goes out, then FIN, then it waits for the peer's; at `closeTimeoutMs` the wire is
   * destroyed. Begins when subscribed; unsubscribing does not stop it. Emits once and completes when the wire is closed. `messages$`
   * completes at once, and what still comes is dropped.
   */
  close(): Observable<void>;
  /** Ends the connection at once. `messages$` completes, or errors with `error` if there is one; sends that were not taken fail. */
  destroy(error?: unknown): void;
  /** How the connection ended: emits once and completes, never errors, replays. */
  readonly closed$: Observable<Closed>;
}

type Deadline = Wait | 'write' | 'close' | 'claim';

/** Begins the conversation on a wire when subscribed; emits the connection when its opening exchange is done. Unsubscribing before that destroys it. */
export function openConnection<In, Out>(
  wire: Wire,
  settings: ConnectionSettings<In, Out>,
): Observable<Connection<In, Out>> {
  return new Observable((observer) => {
    const opening = converseOn(wire, settings, observer);
    return () => opening.abandon();
  });
}

function converseOn<In, Out>(
  wire: Wire,
  settings: ConnectionSettings<In, Out>,
  opening: Observer<Connection<In, Out>>,
): { abandon(): void } {
  const { framing, codec } = settings;
  let state: State = 'opening';
  let by: Closed['by'] | undefined;
  let failure: { readonly error: unknown } | undefined;
  let closeRequested = false;
  let openedNow = false;
  let failedNow: { readonly error: ProtocolError; readonly reset: boolean } | undefined;
  let peerEndedNow = false;
  let turning = false;
  let turnAgain = false;
  let paused = false;
  const closed = new AsyncSubject<Closed>();

  const go = (event: Event): boolean => {
    const next = lifecycle[state][event];
    if (next === undefined) return false;
    state = next;
    return true;
  };

  // --- the machine's surroundings: what it says is noted here and acted on in `turn`, so that nobody calls it back from inside

  const port: FramingPort = {
    write(bytes, last) {
      if (state === 'closed') return;
      if (last) sends.handed();
      out.write(bytes, last);
    },
    opened() {
      openedNow = true;
    },
    outcome: (of) => sends.outcome(of),
    fail(error, { reset }) {
      failedNow ??= { error, reset };
    },
    await: (wait, ms) => timers.set(wait, ms),
    settle: (wait) => timers.clear(wait),
  };

  const machine = framing.open(port);

  const timers = deadlines<Deadline>((name) => {
    if (name === 'write') fail(new WireError('write-timeout', 'What we wrote made no progress'), true);
    else if (name === 'close') giveUpClosing();
    else if (name === 'claim') fail(new WireError('unclaimed', 'Nobody read, served or closed it'), false);
    else machine.expired(name);
    turn();
  });

  const out = writer(wire, {
    lastWritten: () => {
      sends.written();
      turn();
    },
    progress: (pending) => (pending ? timers.set('write', settings.writeTimeoutMs) : timers.clear('write')),
    failed: (error) => {
      fail(error, true);
      turn();
    },
  });

  const sends = outbox(machine, settings);

  const messages = inbox<In>({
    read,
    consumed: () => {
      machine.consumed();
      turn();
    },
    ready: () => turn(),
    subscribed: () => claimed(),
  });

  function read(): In | undefined {
    const bytes = machine.read();
    if (bytes === undefined || codec === undefined) return bytes as In | undefined;
    try {
      return codec.decode(bytes);
    } catch (cause) {
      fail(new ProtocolError('not-decodable', 'A message is no value of the codec', { cause, bytes }), true);
      return undefined;
    }
  }

  // --- one turn: everything that became possible, in the order in which the peer could have caused it

  function turn(): void {
    turnAgain = true;
    if (turning) return;
    turning = true;
    while (turnAgain) {
      turnAgain = false;
      if (openedNow) open();
      sends.settle();
      messages.deliver();
      if (failedNow) fail(failedNow.error, failedNow.reset);
      else if (peerEndedNow) peerEnded();
      if (state === 'open' || state === 'closing') sends.pump();
      finishIfDone();
    }
    turning = false;
    holdThePeer();
  }

  function open(): void {
    openedNow = false;
    if (!go('opened')) return;
    if (settings.claimTimeoutMs !== undefined) timers.set('claim', settings.claimTimeoutMs);
    opening.next(connection);
    opening.complete();
  }

  function claimed(): void {
    timers.clear('claim');
  }

  function peerEnded(): void {
    peerEndedNow = false;
    by ??= 'peer';
    if (state === 'opening') {
      fail(
        new ProtocolError('cut-short', 'The peer ended the connection before the opening was done'),
        false,
      );
      return;
    }
    sends.fail(new WireError('reset', 'The peer has ended the connection'));
    go('peerEnd');
    messages.end();
    if (!messages.observed) timers.set('close', settings.closeTimeoutMs);
  }

  /** Sends FIN when nothing of ours is left to say: after `close()`, or when the peer has ended and all it said is consumed. */
  function finishIfDone(): void {
    const done = (state === 'closing' && sends.empty) || (state === 'ended' && messages.consumedAll());
    if (!done || !machine.tryEnd()) return;
    go('finSent');
    timers.set('close', settings.closeTimeoutMs);
    out.end();
  }

  function beginClosing(): void {
    if (state === 'opening') {
      destroy();
      return;
    }
    if (closeRequested || state === 'closed') return;
    closeRequested = true;
    claimed();
    by ??= 'us';
    timers.set('close', settings.closeTimeoutMs);
    if (go('close')) machine.close();
    messages.cut();
    turn();
  }

  function giveUpClosing(): void {
    if (state === 'ended' && messages.observed) return;
    const error = new WireError('close-timeout', 'The peer did not let the connection close in time');
    fail(error, true);
  }

  function holdThePeer(): void {
    if (!machine.pausable || state === 'closed') return;
    const pause = state !== 'closing' && state !== 'finishing' && !messages.wanted;
    if (pause === paused) return;
    paused = pause;
    if (pause) wire.pause();
    else wire.resume();
  }

  // --- ends

  function fail(error: unknown, reset: boolean): void {
    failedNow = undefined;
    if (state === 'closed') return;
    // Once our FIN is out and everything was answered, how the peer goes away changes nothing.
    const harmless = state === 'finishing' && error instanceof WireError;
    by ??= 'error';
    if (!harmless) failure ??= { error };
    const wasOpening = state === 'opening';
    go('gone');
    timers.dispose();
    sends.fail(error);
    messages.end(harmless ? undefined : { error });
    wire.destroy({ reset: reset || machine.midFrame || !out.idle });
    if (wasOpening) opening.error(error);
  }

  function destroy(error?: unknown): void {
    if (state === 'closed') {
      messages.cut(error === undefined ? undefined : { error });
      return;
    }
    by ??= 'us';
    if (error !== undefined) failure ??= { error };
    const wasOpening = state === 'opening';
    go('gone');
    timers.dispose();
    sends.fail(error ?? new WireError('reset', 'The connection was destroyed here'));
    messages.cut(error === undefined ? undefined : { error });
    wire.destroy({ reset: machine.midFrame || !out.idle });
    if (wasOpening && error !== undefined) opening.error(error);
  }

  const connection: Connection<In, Out> = {
    id: crypto.randomUUID(),
    local: wire.local,
    remote: wire.remote,
    messages$: messages.messages$,
    send(message) {
      if (codec === undefined && !(message instanceof Uint8Array)) {
        throw new TypeError('Without a codec, a message is a Uint8Array');
      }
      return new Observable((subscriber) => {
        claimed();
        try {
          const frame = framing.encode(codec ? codec.encode(message) : (message as Uint8Array));
          sends.add(frame, subscriber, false);
        } catch (cause) {
          subscriber.error(
            cause instanceof SendError
              ? cause
              : new SendError('not-encodable', 'The codec cannot encode the value', {
                  cause,
                  fate: 'not-sent',
                }),
          );
          return;
        }
        turn();
      });
    },
    close: () =>
      new Observable((subscriber) => {
        beginClosing();
        return closed.pipe(map(() => undefined)).subscribe(subscriber);
      }),
    destroy,
    closed$: closed.asObservable(),
    [Symbol.asyncIterator]: () => iterate(messages.messages$),
  };
  onClaim(connection, claimed);

  wire.bytes$.subscribe({
    next: (chunk) => {
      if (state === 'closed') return;
      machine.receive(chunk);
      turn();
    },
    complete: () => {
      if (state === 'closed') return;
      machine.receiveEnd();
      peerEndedNow = true;
      turn();
    },
    error: (error) => {
      fail(error, true);
      turn();
    },
  });
  wire.closed$.subscribe(({ error }) => {
    if (state !== 'closed') {
      if (error) fail(error, true);
      else {
        go('gone');
        timers.dispose();
        sends.fail(new WireError('reset', 'The connection is closed'));
      }
    }
    const dropped = machine.dropped;
    closed.next({ by: by ?? 'us', ...(failure ? { error: failure.error } : {}), dropped });
    closed.complete();
  });
  machine.start();
  turn();

  return {
    abandon() {
      if (state === 'opening') destroy();
    },
  };
}
