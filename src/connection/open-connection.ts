import { AsyncSubject, Observable, type Observer, of } from 'rxjs';
import { AsyncSchemaError, ProtocolError, WireError } from '../errors.js';
import type { FramingMachine, StreamingMachine, StreamingPort, Wait } from '../framing/framing.js';
import type { Wire } from '../transport/transport.js';
import type { Body } from './body.js';
import { BodySource } from './body-source.js';
import type { Closed, Connection, Protocol } from './connection.js';
import { deadlines } from './deadlines.js';
import { encode, isBody, type Spoken } from './encoder.js';
import { faceOf } from './face.js';
import { boundless, inbound } from './inbound.js';
import { inbox, type None, none } from './inbox.js';
import { type IncomingBodies, incomingBodies } from './incoming-bodies.js';
import { type Event, lifecycle, type State } from './lifecycle.js';
import type { ConnectionSettings } from './options.js';
import { outbox, type Sender, type Sending } from './outbox.js';
import { Meter } from './traffic.js';
import { watched } from './watched.js';
import { water } from './water.js';
import { writer } from './writer.js';

type Deadline = Wait | 'write' | 'close' | 'claim' | 'budget';

/** How long a connection waits for room in its server's budget, where it may itself have what others wait for. */
const budgetTimeoutMs = 30_000;

/** Begins the conversation on a wire when subscribed; emits the connection when its opening exchange is done. Unsubscribing before that destroys it. */
export function openConnection<In, Out>(
  wire: Wire,
  settings: ConnectionSettings<In, Out>,
): Observable<Connection<In, Out>> {
  return new Observable((observer) => {
    const opening = begin(wire, settings, observer);
    return () => opening.abandon();
  });
}

/**
 * Puts the parts of a connection together: the machine between the wire and the two boxes, and the clock beside them.
 *
 *     wire.bytes$ ─▶ machine ─▶ inbox ─▶ messages$
 *     wire.write ◀─ writer ◀─ machine ◀─ outbox ◀─ send
 *
 * Whatever happens is noted first and acted on in `turn`, in one order: so that the machine is never called back from inside itself.
 */
function begin<In, Out>(
  wire: Wire,
  settings: ConnectionSettings<In, Out>,
  opening: Observer<Connection<In, Out>>,
): { abandon(): void } {
  const spoken: Spoken<In, Out> = { framing: settings.framing, codec: settings.codec, streams: false };
  const meter = new Meter(settings.traffic);
  const closed = new AsyncSubject<Closed>();
  const finSent = new AsyncSubject<void>();
  let state: State = 'opening';
  let by: Closed['by'] | undefined;
  let failure: { readonly error: unknown } | undefined;
  const noted: {
    opened?: true;
    peerEnded?: true;
    fault?: { readonly error: ProtocolError; readonly reset: boolean };
  } = {};
  let undecodable = false;
  let turning = false;
  let turnAgain = false;
  let paused = false;
  let starving = false;
  /** Set while a machine waits for the road to be quiet: for how long it must have been. */
  let quietMs: number | undefined;

  /** Where bodies are streams: the machine as such, what comes in, and the body of ours that is on its way, or was when the peer left. */
  let streaming: StreamingMachine | undefined;
  let incoming: IncomingBodies | undefined;
  let drawing: BodySource | undefined;
  let cutInside = false;

  const port: StreamingPort = {
    write(bytes, last) {
      if (state === 'closed') return;
      if (last) sends.handed();
      meter.count('bytesOut', bytes.length);
      out.write(bytes, last);
    },
    opened() {
      noted.opened = true;
    },
    writeBody() {
      drawing = sends.beginBody();
    },
    outcome: (of) => sends.outcome(of),
    fail(error, { reset }) {
      noted.fault ??= { error, reset };
    },
    await(wait, ms) {
      if (wait === 'quiet') quietMs = ms;
      timers.set(wait, ms);
    },
    settle(wait) {
      if (wait === 'quiet') quietMs = undefined;
      timers.clear(wait);
    },
    grant: (bytes, force) => budgeted.grant(bytes, force),
  };

  let machine = openMachine();
  /** Messages read from a machine that another has followed: that one knows nothing of them. */
  let readBefore = 0;

  const timers = deadlines<Deadline>((name) => {
    if (name === 'write') fail(new WireError('write-timeout', 'What we wrote made no progress'), true);
    else if (name === 'close') giveUpClosing();
    else if (name === 'claim')
      fail(new WireError('unclaimed', 'Nobody read, served or closed the connection'), false);
    else if (name === 'budget')
      fail(new ProtocolError('inbox-overflow', 'No room for more of its message'), true);
    else machine.expired(name);
    turn();
  });

  const out = writer(wire, {
    lastWritten() {
      sends.written();
      turn();
    },
    room: () => drawing && turn(),
    progress(pending) {
      if (pending) timers.set('write', settings.writeTimeoutMs);
      else timers.clear('write');
      if (quietMs === undefined) return;
      // The road is not quiet while bytes of ours are on it, as far as we can tell.
      if (pending) timers.clear('quiet');
      else timers.set('quiet', quietMs);
    },
    failed(error) {
      fail(error, true);
      turn();
    },
  });

  const budgeted = settings.budget ? inbound(settings.budget, () => machine, retry) : boundless;
  const sends = outbox(
    () => machine,
    settings,
    () => meter.count('messagesOut', 1),
  );
  const mark = water(sends, settings);

  const received = inbox<In>({
    read,
    consumed() {
      if (readBefore > 0) readBefore--;
      else machine.consumed();
      budgeted.consumed();
      turn();
    },
    ready: () => turn(),
    subscribed: claimed,
    restOf: (message) => incoming?.readerOf(message as Body),
    isInside: () => incoming?.open === true,
  });

  function openMachine(): FramingMachine {
    const { framing } = spoken;
    if (!settings.streamed || !framing.streams) return framing.open(port);
    spoken.streams = true;
    streaming = framing.streams.open(port);
    incoming = incomingBodies(streaming, () => turn());
    return streaming;
  }

  function read(): In | None {
    if (incoming) return readBody(incoming);
    for (let bytes = machine.read(); bytes !== undefined && !undecodable; bytes = machine.read()) {
      meter.count('messagesIn', 1);
      budgeted.read(bytes.length);
      if (spoken.codec === undefined) return bytes as In;
      try {
        return spoken.codec.decode(bytes);
      } catch (cause) {
        skip(cause, bytes);
      }
    }
    // What is found only now, of a peer that has ended, comes before its end.
    if (noted.fault) fail(noted.fault.error, noted.fault.reset, received.cut);
    return none;
  }

  function readBody(bodies: IncomingBodies): In | None {
    const body = bodies.read();
    if (body !== none) {
      meter.count('messagesIn', 1);
      // A body that comes in parts is never here.
      budgeted.read(bodies.open ? 0 : body.size);
    } else if (noted.fault) fail(noted.fault.error, noted.fault.reset, received.cut);
    return body as In | None;
  }

  /** What a codec cannot decode ends the connection there, or is left out. */
  function skip(cause: unknown, bytes: Uint8Array): void {
    const error = new ProtocolError('not-decodable', 'A message is no value of the codec', { cause, bytes });
    const mistake = cause instanceof AsyncSchemaError;
    if (settings.onUndecodable && !mistake) {
      machine.consumed();
      budgeted.consumed();
      // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
      of(error).subscribe(settings.onUndecodable);
    } else {
      undecodable = true;
      fail(mistake ? cause : error, true);
    }
  }

  /** There may be room again in the budget. */
  function retry(): void {
    machine.retry?.();
    turn();
  }

  function add(message: Out, sender: Sender): Sending | undefined {
    const source = isBody(spoken, message) && new BodySource(message, settings.maxQueuedBytes, () => turn());
    return sends.add(encode(spoken, message), sender, source || undefined);
  }

  // --- one turn: everything that has become possible

  function turn(): void {
    turnAgain = true;
    if (turning) return;
    turning = true;
    while (turnAgain || noted.fault) {
      turnAgain = false;
      if (noted.opened) opened();
      sends.settle();
      incoming?.deliver();
      received.deliver();
      if (noted.fault)
        fail(noted.fault.error, noted.fault.reset, incoming?.open ? received.cut : received.end);
      if (noted.peerEnded) peerEnded();
      sends.pump();
      if (streaming) writeBody(streaming);
      mark.look();
      finishIfDone();
    }
    turning = false;
    holdThePeer();
  }

  /** Writes what has come of a body of ours, as far as there is room. */
  function writeBody(to: StreamingMachine): void {
    const cause = sends.broken;
    // The peer waits for the rest of it, and takes whatever comes for that.
    if (cause) fail(new WireError('reset', 'A body of ours broke off', { cause }), true);
    while (drawing && out.room && state !== 'closed') {
      const part = drawing.take();
      if (part === undefined) break;
      port.write(part.bytes, part.last);
      if (!part.last) continue;
      drawing = undefined;
      to.bodyWritten();
      turnAgain = true;
    }
  }

  function opened(): void {
    delete noted.opened;
    if (!go('opened')) return;
    if (settings.claimTimeoutMs !== undefined) timers.set('claim', settings.claimTimeoutMs);
    watched()?.opened(connection, () => machine.unreadBytes);
    opening.next(connection);
    opening.complete();
  }

  function peerEnded(): void {
    delete noted.peerEnded;
    by ??= 'peer';
    if (state === 'opening') {
      fail(
        new ProtocolError('cut-short', 'The peer ended the connection before the opening was done'),
        false,
      );
      return;
    }
    if (!spoken.framing.halfClose) {
      cutInside = drawing !== undefined;
      drawing = undefined;
      sends.fail(new WireError('reset', 'The peer has ended the connection'));
    }
    go('peerEnd');
    received.end();
    if (!received.observed) timers.set('close', settings.closeTimeoutMs);
  }

  /** Sends FIN when nothing of ours is left to say. */
  function finishIfDone(): void {
    if (!sends.empty || !mayFinish()) return;
    if (cutInside) resetInside();
    if (!machine.tryEnd()) return;
    go('finSent');
    if (state === 'finishing') timers.set('close', settings.closeTimeoutMs);
    else timers.clear('close');
    out.end();
    finSent.next();
    finSent.complete();
  }

  /** The peer has left inside a body of ours, and hears no more of it: our FIN would be misread. */
  function resetInside(): void {
    shut(undefined, true);
    received.end();
    tellClosed();
  }

  function mayFinish(): boolean {
    if (state === 'ended')
      return received.consumedAll() && !(spoken.framing.halfClose && settings.allowHalfOpen);
    return state === 'closing' || state === 'ending' || state === 'leaving';
  }

  /** Where the framing can be held by the road, it is: the others hold by themselves. While nothing is unread the road stays open, so that FIN is noticed. */
  function holdThePeer(): void {
    const drops = state === 'closing' || state === 'finishing';
    const full = budgeted.look() && state !== 'closed';
    if (full !== starving) timers.set('budget', full ? budgetTimeoutMs : Number.POSITIVE_INFINITY);
    starving = full;
    const pause = machine.pausable && (!isWanted() || full) && !drops && machine.unreadBytes > 0;
    if (pause === paused || state === 'closed') return;
    paused = pause;
    if (pause) wire.pause();
    else wire.resume();
  }

  function isWanted(): boolean {
    return incoming?.open ? incoming.wanted : received.wanted;
  }

  function reframe<NextIn, NextOut>(next: Protocol<NextIn, NextOut>): Connection<NextIn, NextOut> {
    const { name, halfClose } = spoken.framing;
    if (!halfClose) throw new TypeError(`${name} has state on both sides: it cannot be swapped out`);
    if (state !== 'open') throw new WireError('reset', 'The connection has ended, or is about to');
    if (incoming?.open || machine.midFrame) throw new TypeError('A body is on its way');
    streaming = incoming = undefined;
    const unread = machine.release();
    readBefore += received.held;
    spoken.framing = next.framing ?? spoken.framing;
    spoken.codec = next.codec as unknown as typeof spoken.codec;
    spoken.streams = false;
    machine = spoken.framing.open(port);
    machine.start();
    machine.receive(unread);
    turn();
    return connection as unknown as Connection<NextIn, NextOut>;
  }

  // --- ends

  function go(event: Event): boolean {
    const next = lifecycle[state][event];
    if (next === undefined) return false;
    state = next;
    return true;
  }

  function sent(): void {
    claimed();
    turn();
  }

  function claimed(): void {
    timers.clear('claim');
  }

  function beginEnding(): void {
    claimed();
    go('end');
    turn();
  }

  function beginClosing(): void {
    claimed();
    if (state === 'opening') {
      destroy();
      return;
    }
    by ??= 'us';
    if (go('close')) {
      timers.set('close', settings.closeTimeoutMs);
      machine.close();
    }
    incoming?.cut(new WireError('reset', 'The connection was closed inside the body'));
    received.cut();
    turn();
  }

  function giveUpClosing(): void {
    // Whoever still reads what the ended peer has said may take as long as it needs.
    if (state === 'ended' && received.observed) timers.set('close', settings.closeTimeoutMs);
    else fail(new WireError('close-timeout', 'The peer did not let the connection end in time'), true);
  }

  function fail(error: unknown, reset: boolean, endMessages = received.end): void {
    delete noted.fault;
    if (state === 'closed') return;
    // Once everything of ours is out, FIN behind it, and nothing more is wanted, how the peer goes away changes nothing.
    const harmless = state === 'finishing' && sends.messages === 0 && error instanceof WireError;
    by ??= 'error';
    shut(harmless ? undefined : { error }, reset);
    endMessages(failure);
    tellClosed();
  }

  function destroy(error?: unknown): void {
    by ??= 'us';
    // The peer shall not take for an orderly end what is none here.
    shut(error === undefined ? undefined : { error }, error !== undefined);
    incoming?.cut(error ?? new WireError('reset', 'The connection was closed inside the body'));
    received.cut(failure);
    tellClosed();
  }

  /** Nothing of ours goes out any more. */
  function shut(why: { readonly error: unknown } | undefined, reset: boolean): void {
    if (state === 'closed') return;
    failure ??= why;
    const wasOpening = state === 'opening';
    go('gone');
    timers.dispose();
    budgeted.end();
    const cause = why?.error ?? new WireError('reset', 'The connection was closed');
    sends.fail(cause);
    finSent.error(cause);
    incoming?.end(cause);
    wire.destroy({ reset: reset || machine.midFrame || !out.handed });
    if (wasOpening && why) opening.error(why.error);
  }

  /** For its owner the connection is closed now; the wire may take a moment to bring the last bytes home. */
  function tellClosed(): void {
    mark.close();
    closed.next({
      by: by ?? 'us',
      ...(failure && { error: failure.error }),
      ...(sends.unsent.length > 0 && { unsent: sends.unsent }),
      dropped: machine.dropped,
    });
    closed.complete();
  }

  const connection = faceOf<In, Out>({
    wire,
    spoken,
    sends,
    mark,
    meter,
    messages$: received.messages$,
    closed$: closed.asObservable(),
    finSent$: finSent.asObservable(),
    add,
    sent,
    claimed,
    reframe,
    beginEnding,
    beginClosing,
    destroy,
  });

  wire.bytes$.subscribe({
    next(chunk) {
      if (state === 'closed') return;
      meter.count('bytesIn', chunk.length);
      machine.receive(chunk);
      turn();
    },
    complete() {
      if (state === 'closed') return;
      machine.receiveEnd();
      noted.peerEnded = true;
      turn();
    },
    error(error) {
      fail(error, true);
      turn();
    },
  });
  wire.closed$.subscribe(({ error }) => {
    if (error) fail(error, true);
    else shut(undefined, false);
    tellClosed();
  });
  machine.start();
  turn();

  return {
    abandon() {
      if (state === 'opening') destroy();
    },
  };
}
