import { Observable, type Observer, of, Subscriber } from 'rxjs';
import { AsyncSchemaError, ProtocolError, WireError } from '../errors.js';
import type { Gate } from '../flow/hold.js';
import type { Frame, FramingMachine, Wait } from '../framing/framing.js';
import type { Wire, WireClosed } from '../transport/transport.js';
import type { Connection, Protocol } from './connection.js';
import { Deadlines } from './deadlines.js';
import { encode, type Spoken } from './encoder.js';
import type { FrameDoor } from './frames.js';
import type { Inbound, InboundOwner } from './inbound.js';
import { type Failure, Inbox, type InboxEvents, type None, none } from './inbox.js';
import { Life } from './life.js';
import type { ConnectionSettings } from './options.js';
import type { ManySender, Outbox, Sender, Sending } from './outbox.js';
import { Pace } from './pace.js';
import type { StreamRoad } from './send-all.js';
import type { BodiesHost, StreamedBodiesOf } from './streamed-bodies.js';
import { Meter } from './traffic.js';
import { beginTurn, endTurn, flushAfterTurn, isTurn } from './turns.js';
import { watched } from './watched.js';
import { type Waiting, Water } from './water.js';
import type { Writer, WriterEvents } from './writer.js';

type Deadline = Wait | 'write' | 'close' | 'claim' | 'message';

interface Fault {
  readonly error: ProtocolError;
  readonly reset: boolean;
}

/**
 * A connection at work: the machine between the wire and the two boxes, and the clock beside them.
 *
 *     wire.bytes$ ─▶ machine ─▶ inbox ─▶ messages$
 *     wire.write ◀─ writer ◀─ machine ◀─ outbox ◀─ send
 *
 * Whatever happens is noted first and acted on in `turn`, in one order: so that the machine is never called back from inside itself. It is a class, and makes what it has when
 * that is needed, because a server has ten thousand of them, most of them idle.
 */
export class Core<In, Out>
  implements StreamRoad<Out>, FrameDoor<Out>, BodiesHost, WriterEvents, InboxEvents<In>, InboundOwner
{
  readonly wire: Wire;
  spoken: Spoken<In, Out>;
  readonly meter: Meter;
  readonly life = new Life();
  readonly sends: Outbox;
  readonly mark: Water;
  readonly received: Inbox<In>;
  readonly #settings: ConnectionSettings<In, Out>;
  readonly #out: Writer;
  /** Made for the first deadline. */
  #timers: Deadlines<Deadline> | undefined;
  /** What it has of its server's budget: made for the first bytes that count. */
  #budgeted: Inbound | undefined;
  /** Made for the first message that comes in more than one part. */
  #pace: Pace | undefined;
  #connection: Connection<In, Out> | undefined;
  #opening: Observer<Connection<In, Out>> | undefined;
  machine: FramingMachine;
  #bodies: StreamedBodiesOf | undefined;
  /** Messages read from a machine that another has followed: that one knows nothing of them. */
  #readBefore = 0;

  /** Noted, and not yet acted on. */
  #hasOpened = false;
  #peerHasEnded = false;
  #fault: Fault | undefined;

  #isUndecodable = false;
  #isTurning = false;
  #turnAgain = false;
  #isPaused = false;
  #isUnclaimed = false;
  /** Set while a machine waits for the road to be quiet: for how long it must have been. */
  #quietMs: number | undefined;

  constructor(wire: Wire, settings: ConnectionSettings<In, Out>) {
    const { framing, bodies } = settings;
    this.wire = wire;
    this.#settings = this.spoken = settings;
    this.meter = new Meter(settings.traffic);
    this.sends = settings.openOutbox(wire, this, settings, this.meter);
    this.#out = this.sends.out;
    this.mark = new Water(this.sends, settings);
    this.received = new Inbox(this);
    this.#bodies = bodies?.open(framing, this);
    this.machine = this.#bodies?.machine ?? framing.open(this);
  }

  /** Begins the conversation: `opening` is given what the owner will see of it, when the opening exchange is done. */
  start(connection: Connection<In, Out>, opening: Observer<Connection<In, Out>>): void {
    this.#connection = connection;
    this.#opening = opening;
    const core = this as unknown as Core<never, never>;
    this.wire.bytes$.subscribe(new FromWire(core));
    this.wire.closed$.subscribe(new WireEnd(core));
    this.machine.start();
    this.turn();
  }

  // --- what its owner asks

  /** Queues a message, or fails it; gives back what withdraws it. */
  begin(message: Out, sender: Sender): (() => void) | undefined {
    return this.withdrawal(this.add(message, sender));
  }

  /** What has begun goes out whole, so there is nothing to undo. */
  withdrawal(sending: Sending | undefined): (() => void) | undefined {
    this.mark.look();
    if (sending?.state !== 'queued') return undefined;
    return () => {
      // What stands behind a body that has given nothing may begin, if it is not taken back, too.
      if (this.sends.withdraw(sending)) flushAfterTurn(this);
    };
  }

  encode(message: Out): Frame {
    return encode(this.spoken, message);
  }

  sendFrame(frame: Frame): Observable<void> {
    return new Observable((subscriber) => this.withdrawal(this.addFrame(frame, subscriber)));
  }

  addFrame(frame: Frame, sender: Sender): Sending | undefined {
    if (frame.streamed !== undefined) throw new TypeError('A frame without its body cannot be sent');
    const sending = this.#queued(this.sends.add(frame, sender));
    this.mark.look();
    return sending;
  }

  get begunCount(): number {
    return this.sends.begunCount;
  }

  /** Queues a message, or fails it; the mark is the caller's to look at. Throws a `SendError` for one that cannot be encoded. */
  add(message: Out, sender: Sender): Sending | undefined {
    const frame = this.encode(message);
    const source = this.spoken.bodies?.sourceOf(message, this.#settings.maxQueuedBytes, this);
    return this.#queued(this.sends.add(frame, sender, source));
  }

  whenRoom(stream: Waiting): void {
    this.mark.whenRoom(stream);
  }

  get full(): boolean {
    this.mark.look();
    return this.mark.full;
  }

  /** Takes out what has not begun of a stream. */
  withdrawAll(stream: ManySender & Waiting): void {
    this.mark.leave(stream);
    if (this.sends.withdrawAll(stream)) flushAfterTurn(this);
  }

  /** Somebody takes charge. */
  claimed(): void {
    if (!this.#isUnclaimed) return;
    this.#isUnclaimed = false;
    this.#timers?.clear('claim');
  }

  reframe<NextIn, NextOut>(next: Protocol<NextIn, NextOut>): void {
    const { framing } = this.spoken;
    if (!framing.halfClose)
      throw new TypeError(`${framing.name} has state on both sides: it cannot be swapped out`);
    if (this.life.state !== 'open') throw new WireError('reset', 'The connection has ended, or is about to');
    if (this.#bodies?.open || this.machine.midFrame || !this.sends.empty)
      throw new TypeError('A body is on its way, or a message that was framed before');
    this.#bodies = undefined;
    const unread = this.machine.release();
    this.#readBefore += this.received.held;
    const codec = next.codec as unknown as typeof this.spoken.codec;
    this.spoken = { framing: next.framing ?? framing, codec, bodies: undefined };
    this.machine = this.spoken.framing.open(this);
    this.machine.start();
    this.machine.receive(unread);
    this.turn();
  }

  beginEnding(): void {
    this.claimed();
    this.life.go('end');
    this.turn();
  }

  beginClosing(): void {
    this.claimed();
    if (this.life.state === 'opening') {
      this.destroy();
      return;
    }
    this.life.by ??= 'us';
    if (this.life.go('close')) {
      this.#await('close', this.#settings.closeTimeoutMs);
      this.machine.close();
    }
    this.#bodies?.cut();
    this.received.cut();
    this.turn();
  }

  destroy(error?: unknown): void {
    this.life.by ??= 'us';
    // The peer shall not take for an orderly end what is none here.
    this.#shut(error === undefined ? undefined : { error }, error !== undefined);
    this.#bodies?.cut(error);
    this.received.cut(this.life.failure);
    this.#tellClosed();
  }

  /** Nobody waits for it to open any more. */
  abandon(): void {
    if (this.life.state === 'opening') this.destroy();
  }

  // --- what the machine asks: StreamingPort, and what bodies ask: BodiesHost

  write(bytes: Uint8Array, last: boolean): void {
    if (this.life.state === 'closed') return;
    if (last) this.sends.handed();
    this.#out.write(bytes, last);
  }

  opened(): void {
    this.#hasOpened = true;
  }

  writeBody(): void {
    this.#bodies?.draw();
  }

  outcome(of: 'taken' | 'refused'): void {
    this.sends.outcome(of);
  }

  fail(error: ProtocolError, { reset }: { readonly reset: boolean }): void {
    this.#fault ??= { error, reset };
  }

  await(wait: Wait, ms: number): void {
    if (wait === 'quiet') this.#quietMs = ms;
    this.#await(wait, ms);
  }

  settle(wait: Wait): void {
    if (wait === 'quiet') this.#quietMs = undefined;
    this.#timers?.clear(wait);
  }

  grant(bytes: number, force: boolean): boolean {
    return this.#share?.grant(bytes, force) ?? true;
  }

  /** @internal There may be room in the server's budget once more. */
  roomAgain(): void {
    this.machine.retry?.();
    this.turn();
  }

  // --- what the wire brings

  cameBytes(chunk: Uint8Array): void {
    if (this.life.state === 'closed') return;
    this.meter.came(chunk.length);
    // What the machine writes goes out at the end of the turn that follows.
    beginTurn();
    try {
      this.machine.receive(chunk);
      this.turn();
    } finally {
      endTurn();
    }
  }

  cameEnd(): void {
    if (this.life.state === 'closed') return;
    this.machine.receiveEnd();
    this.#peerHasEnded = true;
    this.turn();
  }

  /** Where nothing more can be said: RST and its like. */
  cutOff(error: unknown): void {
    this.#fail(error, true);
    this.turn();
  }

  /** The wire is gone. */
  wireClosed({ error }: WireClosed): void {
    if (error) this.#fail(error, true);
    else this.#shut(undefined, false);
    this.#tellClosed();
  }

  // --- what the writer tells: WriterEvents

  handed(bytes: number): void {
    this.meter.went(bytes);
    this.sends.endRun();
  }

  lastWritten(pieces: number): void {
    this.sends.written(pieces);
    this.turn();
  }

  writerHasRoom(): void {
    if (this.#bodies?.drawing) this.turn();
  }

  progress(pending: boolean): void {
    if (pending) this.#await('write', this.#settings.writeTimeoutMs);
    else this.#timers?.clear('write');
    if (this.#quietMs === undefined) return;
    // The road is not quiet while bytes of ours are on it, as far as we can tell.
    if (pending) this.#timers?.clear('quiet');
    else this.#await('quiet', this.#quietMs);
  }

  // --- what the inbox asks and tells: InboxEvents

  readMessage(): In | None {
    const message = this.#bodies ? this.#readBody(this.#bodies) : this.#readBytes();
    // What is found only now, of a peer that has ended, comes before its end.
    if (message === none && this.#fault) this.#failWith(this.#fault, true);
    return message;
  }

  messageConsumed(): void {
    if (this.#readBefore > 0) this.#readBefore--;
    else this.machine.consumed();
    this.#budgeted?.consumed();
    this.#turnSoon();
  }

  inboxReady(): void {
    this.#turnSoon();
  }

  willDeliver(message: In, gate: Gate): void {
    this.#bodies?.willDeliver(message, gate);
  }

  get isInside(): boolean {
    return this.#bodies?.open === true;
  }

  // --- one turn: everything that has become possible

  turn(): void {
    this.#turnAgain = true;
    if (this.#isTurning) return;
    this.#isTurning = true;
    beginTurn();
    try {
      while (this.#turnAgain || this.#fault) this.#turnOnce();
    } finally {
      this.#isTurning = false;
      endTurn();
    }
    this.#holdThePeer();
  }

  /** Behind the turn of another connection that brings it about, which may do so for each of a hundred messages. */
  #turnSoon(): void {
    if (this.#isTurning || !isTurn()) this.turn();
    else flushAfterTurn(this);
  }

  /** @internal The turn has come that was to come soon. */
  flush(): void {
    this.turn();
  }

  #turnOnce(): void {
    this.#turnAgain = false;
    if (this.#hasOpened) this.#tellOpened();
    this.sends.settle();
    this.#bodies?.deliver();
    this.received.deliver();
    if (this.#fault) this.#failWith(this.#fault, this.isInside);
    if (this.#peerHasEnded) this.#peerEnded();
    this.sends.pump();
    if (this.#bodies?.write()) this.#turnAgain = true;
    this.mark.look();
    this.#finishIfDone();
  }

  #queued(sending: Sending | undefined): Sending | undefined {
    this.claimed();
    // What could begin has begun, and made nothing else possible.
    if (sending?.state !== 'begun') this.turn();
    return sending;
  }

  #readBytes(): In | None {
    for (let bytes = this.machine.read(); bytes && !this.#isUndecodable; bytes = this.machine.read()) {
      const { codec } = this.spoken;
      this.#count(bytes.length);
      if (codec === undefined) return bytes as In;
      try {
        return codec.decode(bytes);
      } catch (cause) {
        this.#skip(cause, bytes);
      }
    }
    return none;
  }

  #readBody(bodies: StreamedBodiesOf): In | None {
    const body = bodies.read();
    // A body that comes in parts is never here.
    if (body !== none) this.#count(bodies.open ? 0 : body.size);
    return body as In | None;
  }

  #count(bytes: number): void {
    this.meter.read();
    this.#share?.read(bytes);
  }

  /** What a codec cannot decode ends the connection there, or is left out. */
  #skip(cause: unknown, bytes: Uint8Array): void {
    const error = new ProtocolError('not-decodable', 'A message is no value of the codec', { cause, bytes });
    const mistake = cause instanceof AsyncSchemaError;
    const { onUndecodable } = this.#settings;
    if (onUndecodable && !mistake) {
      this.machine.consumed();
      this.#budgeted?.consumed();
      // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
      of(error).subscribe(onUndecodable);
      this.#isUndecodable = this.received.over;
    } else {
      this.#isUndecodable = true;
      this.#fail(mistake ? cause : error, true);
    }
  }

  #tellOpened(): void {
    this.#hasOpened = false;
    if (!this.life.go('opened')) return;
    const { claimTimeoutMs } = this.#settings;
    this.#isUnclaimed = claimTimeoutMs !== undefined;
    const connection = this.#connection as Connection<In, Out>;
    const opening = this.#opening;
    this.#opening = undefined;
    watched()?.opened(connection, () => this.machine.unreadBytes);
    opening?.next(connection);
    opening?.complete();
    // Most are claimed at once.
    if (this.#isUnclaimed && claimTimeoutMs !== undefined) this.#await('claim', claimTimeoutMs);
  }

  #peerEnded(): void {
    this.#peerHasEnded = false;
    this.life.by ??= 'peer';
    if (this.life.state === 'opening') {
      const text = 'The peer ended the connection before the opening was done';
      this.#fail(new ProtocolError('cut-short', text), false);
      return;
    }
    if (!this.spoken.framing.halfClose) {
      this.#bodies?.peerEnded();
      this.sends.fail(new WireError('reset', 'The peer has ended the connection'));
    }
    this.life.go('peerEnd');
    this.received.end();
    if (!this.received.observed) this.#await('close', this.#settings.closeTimeoutMs);
  }

  /** Sends FIN when nothing of ours is left to say. */
  #finishIfDone(): void {
    if (this.life.state === 'open' || !this.sends.empty || !this.#mayFinish()) return;
    if (this.#bodies?.isCutInside) this.#resetInside();
    if (!this.machine.tryEnd()) return;
    this.life.go('finSent');
    if (this.life.state === 'finishing') this.#await('close', this.#settings.closeTimeoutMs);
    else this.#timers?.clear('close');
    this.#out.end();
  }

  /** The peer has left inside a body of ours, and hears no more of it: our FIN would be misread. */
  #resetInside(): void {
    this.#shut(undefined, true);
    this.received.end();
    this.#tellClosed();
  }

  #mayFinish(): boolean {
    const { state } = this.life;
    if (state === 'ended') {
      const staysOpen = this.spoken.framing.halfClose && this.#settings.allowHalfOpen;
      return this.received.consumedAll() && !staysOpen;
    }
    return state === 'closing' || state === 'ending' || state === 'leaving';
  }

  /** Where the framing can be held by the road, it is: the others hold by themselves. While nothing is unread the road stays open, so that FIN is noticed. */
  #holdThePeer(): void {
    const { state } = this.life;
    if (state === 'closed') return;
    const drops = state === 'closing' || state === 'finishing';
    const machine = this.machine;
    const share = machine.unreadBytes > 0 ? this.#share : this.#budgeted;
    const isFull = share?.look() === true;
    // A framing whose directions depend on each other has deadlines of its own.
    if (this.spoken.framing.halfClose)
      this.#watchPace(!drops && !isFull && this.#isWanted && (machine.unreadBytes > 0 || this.isInside));
    const pause = machine.pausable && (isFull || !this.#isWanted) && !drops && machine.unreadBytes > 0;
    if (pause === this.#isPaused) return;
    this.#isPaused = pause;
    if (pause) this.wire.pause();
    else this.wire.resume();
  }

  get #share(): Inbound | undefined {
    this.#budgeted ??= this.#settings.inbound?.(this);
    return this.#budgeted;
  }

  #watchPace(isInside: boolean): void {
    if (isInside)
      this.#pace ??= new Pace(this.meter, this.#settings.messageTimeoutMs, (ms) =>
        this.#await('message', ms),
      );
    this.#pace?.look(isInside);
  }

  get #isWanted(): boolean {
    return this.#bodies?.open ? this.#bodies.wanted : this.received.wanted;
  }

  // --- ends

  #await(name: Deadline, ms: number): void {
    if (this.life.state === 'closed') return;
    this.#timers ??= new Deadlines((due) => this.#expired(due));
    this.#timers.set(name, ms);
  }

  #expired(name: Deadline): void {
    if (name === 'write') this.#fail(new WireError('write-timeout', 'What we wrote made no progress'), true);
    else if (name === 'close') this.#giveUpClosing();
    else if (name === 'claim')
      this.#fail(new WireError('unclaimed', 'Nobody read, served or closed the connection'), false);
    else if (name === 'message') this.#messageIsLate();
    else this.machine.expired(name);
    this.turn();
  }

  #messageIsLate(): void {
    if (this.#pace?.isTooSlow())
      this.#fail(new ProtocolError('payload-timeout', 'A message that had begun did not come in time'), true);
  }

  #giveUpClosing(): void {
    // Whoever still reads what the ended peer has said may take as long as it needs.
    if (this.life.state === 'ended' && this.received.observed)
      this.#await('close', this.#settings.closeTimeoutMs);
    else this.#fail(new WireError('close-timeout', 'The peer did not let the connection end in time'), true);
  }

  #failWith({ error, reset }: Fault, cutMessages: boolean): void {
    this.#fail(error, reset, cutMessages);
  }

  #fail(error: unknown, reset: boolean, cutMessages = false): void {
    this.#fault = undefined;
    if (this.life.state === 'closed') return;
    // Once everything of ours is out, FIN behind it, and nothing more is wanted, how the peer goes away changes nothing.
    const isHarmless =
      this.life.state === 'finishing' && this.sends.messages === 0 && error instanceof WireError;
    this.life.by ??= 'error';
    this.#shut(isHarmless ? undefined : { error }, reset);
    if (cutMessages) this.received.cut(this.life.failure);
    else this.received.end(this.life.failure);
    this.#tellClosed();
  }

  /** Nothing of ours goes out any more. */
  #shut(why: Failure | undefined, reset: boolean): void {
    const { life } = this;
    if (life.state === 'closed') return;
    life.failure ??= why;
    const opening = this.#opening;
    this.#opening = undefined;
    life.go('gone');
    this.#timers?.dispose();
    this.#budgeted?.end();
    const cause = why?.error ?? new WireError('reset', 'The connection was closed');
    this.sends.fail(cause);
    life.noFin(cause);
    this.#bodies?.end(cause);
    this.#out.handOver();
    this.wire.destroy({ reset: reset || this.machine.midFrame || !this.#out.handed });
    if (why) opening?.error(why.error);
  }

  /** For its owner the connection is closed now; the wire may take a moment to bring the last bytes home. */
  #tellClosed(): void {
    this.mark.close();
    this.life.tell(this.sends.unsent, this.machine.dropped);
  }
}

/** Hears a wire for its connection: as an object with three functions, RxJS would make five more. */
abstract class Hearing<T> extends Subscriber<T> {
  protected readonly core: Core<never, never>;

  constructor(core: Core<never, never>) {
    super();
    this.core = core;
  }
}

/** Takes what a wire brings. */
class FromWire extends Hearing<Uint8Array> {
  protected override _next(chunk: Uint8Array): void {
    this.core.cameBytes(chunk);
  }

  protected override _complete(): void {
    this.unsubscribe();
    this.core.cameEnd();
  }

  protected override _error(error: unknown): void {
    this.unsubscribe();
    this.core.cutOff(error);
  }
}

/** Learns how the wire ended. */
class WireEnd extends Hearing<WireClosed> {
  protected override _next(closed: WireClosed): void {
    this.core.wireClosed(closed);
  }
}
