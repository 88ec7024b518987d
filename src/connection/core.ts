import {
  AsyncSubject,
  asapScheduler,
  BehaviorSubject,
  map,
  Observable,
  type ObservableInput,
  of,
  type Subscriber,
} from 'rxjs';
import { ProtocolError, SendError, WireError } from '../errors.js';
import { Gate, type GateOwner } from '../flow/hold.js';
import { iterate } from '../flow/iterate.js';
import { Outcome } from '../flow/outcome.js';
import { reporting } from '../flow/report.js';
import type { Framing, FramingMachine, FramingPort, Wait } from '../framing/framing.js';
import type { Frame } from '../outbox/frame.js';
import { PlainOut } from '../outbox/plain-out.js';
import { lost, tellFailed } from '../outbox/told.js';
import type { OutgoingFrame, OutOwner, Sender, WayOut } from '../outbox/way-out.js';
import type { Wire } from '../transport/transport.js';
import { blamed, claimed } from './claim.js';
import type { Closed, Connection, Flow, Protocol } from './connection.js';
import { Deadlines } from './deadlines.js';
import { bytesOf, demandBytes, type Spoken } from './encoder.js';
import { type FrameDoor, frames } from './frames.js';
import type { ConnectionSettings } from './options.js';
import { type SendingStream, type StreamRoad, sendAll } from './send-all.js';
import { type Counts, newCounts } from './traffic.js';
import { watched } from './watched.js';

/** What has a deadline: the waits of the machine, and those of the connection itself. */
export type Deadline = Wait | 'write' | 'close' | 'claim';

/** Why it ends. */
export interface Failure {
  readonly error: unknown;
}

/** No message: a codec may make a message of anything else, `undefined` as well. */
const none = Symbol();

/**
 * A connection: what its owner sees of it, and what makes it go.
 *
 *     wire.bytes$ ─▶ machine ─▶ gate ─▶ messages$
 *     wire.write ◀─ out ◀─ send                        `machine.talk`, if there is one, says when a frame may begin, and what became of it
 *
 * Whatever happens is noted first and acted on in `turn`, in one order: so that the machine is never called back from inside itself. How far its life is follows from what is noted;
 * the states that this makes, and what leads from one to the next, are the table in `spec/connection/lifecycle.ts`, which a spec holds it to.
 *
 * It is one class, because each object of its own costs a page bytes and a server of ten thousand connections memory; and makes what it has when that is needed, because most of them
 * are idle. What only some connections have is not here: see `HostedCore`, `BodyCore`, `Outbox`, `PacedDecoder`.
 */
export class Core<In = unknown, Out = unknown>
  implements Connection<In, Out>, FrameDoor<Out>, StreamRoad<Out>, FramingPort, OutOwner, GateOwner
{
  readonly wire: Wire;
  readonly settings: ConnectionSettings<In, Out>;
  readonly traffic: Counts = newCounts();
  /** Where messages are delivered, and may be held. */
  protected readonly gate: Gate = new Gate(this);
  /** What makes messages of the bytes that come: another one behind `reframe`. */
  machine!: FramingMachine<unknown>;
  /** What is sent, until it is taken: a queue may take its place (see `queueFrames`). */
  out!: WayOut;
  /** Messages that are delivered, or being delivered, and not consumed. */
  held = 0;
  /** The wire is gone, or given up. */
  gone = false;
  #framing: Framing;
  #codec: Spoken<In, Out>['codec'];
  /** Who is given the connection when it is open. */
  #opening: Subscriber<Connection<In, Out>> | undefined;
  /** Made for the first deadline. */
  #timers: Deadlines<Deadline> | undefined;

  // What has come of it so far.
  /** The opening exchange is done, and `#opening` is to hear of it. */
  #hasOpened = false;
  /** `close` was called: what comes is dropped. */
  #isClosing = false;
  /** Our FIN was asked for; it is on its way, behind all that was written. */
  #fin: 'asked' | 'sent' | undefined;
  /** The peer's FIN has come; the machine has been told, behind the last message before it. */
  #theirFin: 'come' | 'told' | undefined;
  /** The peer's FIN has come, and is acted on. */
  #hasPeerEnded = false;
  /** Noted by `fail`, and not yet acted on. */
  #fault: (Failure & { readonly reset: boolean | undefined }) | undefined;
  /** Why it has ended, if not in order. */
  #failure: Failure | undefined;
  #by: Closed['by'] | undefined;
  /** What its handler has failed with, which is no failure of its own. */
  #blame: Pick<Closed, 'handlerError'> | undefined;
  /** Why nothing of ours goes out any more, and what did not. */
  #lostBy: Failure | undefined;
  #unsent: Uint8Array[] | undefined;
  #droppedMessages = 0;
  #droppedBytes = 0;

  // Who reads, and what they have been told.
  /** Never changed, but replaced: who comes during a delivery is not among those who get that message, and starts with the next. */
  #readers: readonly Subscriber<In>[] = [];
  /** Delivery has started, or will in a later task. */
  #isStarted = false;
  #isStarting = false;
  #isDelivering = false;
  /** Read ahead of its delivery, to find out whether anything is left before the end. */
  #ahead: In | typeof none = none;
  /** What `messages$` ends with, behind what is there; and that it has. */
  #ending: { readonly failure?: Failure | undefined } | undefined;
  #isOver = false;

  // Made for those who ask: most connections end unobserved.
  #id: string | undefined;
  #closed: AsyncSubject<Closed> | undefined;
  #outcome: Closed | undefined;
  #finSent: AsyncSubject<void> | undefined;
  #flow: BehaviorSubject<Flow> | undefined;
  /** Streams that wait for room. */
  #streams: Set<SendingStream> | undefined;

  /** The queue is above its high mark, and has not fallen to the low one since. */
  #isFull = false;
  /** The wire is paused. */
  #isPaused = false;
  #isTurning = false;
  /** Something has become possible since the turn began. */
  #turnsAgain = false;

  constructor(wire: Wire, settings: ConnectionSettings<In, Out>, opening: Subscriber<Connection<In, Out>>) {
    this.wire = wire;
    this.settings = settings;
    this.#framing = settings.framing;
    this.#codec = settings.codec;
    this.#opening = opening;
  }

  /** Begins the conversation. Returns what gives it up, as long as it is not open: then nobody waits for that any more. */
  start(): () => void {
    this.out = this.settings.outbox?.(this) ?? new PlainOut(this);
    this.machine = this.machineOf(this.#framing);
    this.wire.bytes$.subscribe(this);
    this.wire.closed$.subscribe(({ error }) => {
      if (error) this.#failNow(error, true);
      else this.shut();
    });
    if (this.machine.talk) this.machine.talk.start();
    else this.ready();
    this.turn();
    return () => this.#opening && this.destroy();
  }

  /** What a framing makes of the bytes here. */
  protected machineOf(framing: Framing): FramingMachine<unknown> {
    return framing.open(this);
  }

  // --- what its owner sees: Connection

  get id(): string {
    this.#id ??= crypto.randomUUID();
    return this.#id;
  }

  get local(): Wire['local'] {
    return this.wire.local;
  }

  get remote(): Wire['remote'] {
    return this.wire.remote;
  }

  get security(): Wire['security'] {
    return this.wire.security;
  }

  get upgrade(): Wire['upgrade'] {
    return this.wire.upgrade;
  }

  get messages$(): Observable<In> {
    return new Observable((reader) => this.#read(reader));
  }

  get closed$(): Observable<Closed> {
    this.#closed ??= new AsyncSubject();
    this.#tell();
    return this.#closed.asObservable();
  }

  get flow$(): Observable<Flow> {
    this.#flow ??= new BehaviorSubject<Flow>(this.#isFull ? 'paused' : 'open');
    if (this.#outcome) this.#flow.complete();
    return this.#flow.asObservable();
  }

  send(message: Out): Observable<void> {
    if (!this.#codec) demandBytes(message);
    const send = new Outcome<Out>(this, message);
    return watched()?.made(this, message, send as Outcome) ?? send;
  }

  sendAll(messages: ObservableInput<Out>): Observable<void> {
    return sendAll(messages, this);
  }

  reframe<NextIn = Uint8Array, NextOut = NextIn>(
    next: Protocol<NextIn, NextOut>,
  ): Connection<NextIn, NextOut> {
    if (!this.#framing.halfClose) throw new TypeError(`${this.#framing.name} cannot be swapped out`);
    if (this.#fin || this.#hasPeerEnded || this.gone)
      throw new WireError('reset', 'The connection is at its end');
    this.out.demandIdle?.();
    const unread = this.machine.rest();
    this.#framing = next.framing ?? this.#framing;
    // From here on it is a connection of other types.
    this.#codec = next.codec as never;
    this.machine = this.machineOf(this.#framing);
    this.machine.talk?.start();
    for (const chunk of unread) this.machine.push(chunk);
    this.turn();
    return this as never;
  }

  end(): Observable<void> {
    const { name, halfClose } = this.#framing;
    if (!halfClose || this.wire.halfClose === false)
      throw new TypeError(`${halfClose ? 'This road' : name} cannot half-close: use close()`);
    return new Observable((subscriber) => {
      this[claimed]();
      this.#fin ??= 'asked';
      this.turn();
      this.#finSent ??= new AsyncSubject();
      this.#tell();
      return this.#finSent.subscribe(subscriber);
    });
  }

  close(): Observable<void> {
    return new Observable((subscriber) => {
      this[claimed]();
      this.#by ??= 'us';
      // Where both have said FIN there is nothing left to close.
      if (!(this.gone || this.#isClosing || (this.#hasPeerEnded && this.finSent))) this.#beginClosing();
      this.#cutMessages({});
      this.turn();
      return this.closed$.pipe(map(() => {})).subscribe(subscriber);
    });
  }

  #beginClosing(): void {
    this.#awaitClose();
    this.#isClosing = true;
    if (this.#ahead !== none) this.#droppedMessages++;
    this.#ahead = none;
    this.#fin ??= 'asked';
    this.machine.talk?.close();
    this.#drop(this.machine.unreadBytes);
  }

  destroy(error?: unknown): void {
    this.#by ??= 'us';
    // The peer shall not take for an orderly end what is none here.
    this.shut(error === undefined ? undefined : { error }, error !== undefined, true);
  }

  [Symbol.asyncIterator](): AsyncIterator<In> {
    return iterate(this.messages$);
  }

  // --- what other rooms may do with it

  /** Only a server's connection must be taken charge of: see `HostedCore`. */
  [claimed](): void {}

  [blamed](error: unknown): void {
    this.#blame ??= { handlerError: error };
  }

  get [frames](): FrameDoor<Out> {
    return this;
  }

  get spoken(): Spoken<In, Out> {
    return { framing: this.#framing, codec: this.#codec };
  }

  // --- what goes: FrameDoor, StreamRoad, and what the way out asks: OutOwner

  encode(message: Out): Frame {
    return this.#framing.encode(bytesOf(this.#codec, message));
  }

  /** Queues a message, or fails it; gives back what takes it out again: what has begun goes out whole. */
  begin(message: Out, sender: Sender): (() => void) | undefined {
    return this.addFrame(this.encode(message), sender);
  }

  addFrame(frame: OutgoingFrame, sender: Sender): (() => void) | undefined {
    this[claimed]();
    const { out } = this;
    const { messages } = out;
    const { maxQueuedBytes, maxQueuedMessages } = this.settings;
    if (this.#lostBy || this.finSent) return tellFailed(sender, lost('not-sent', this.#lostBy?.error));
    // One message alone may be of any size.
    if (messages && (messages >= maxQueuedMessages || out.bytes + frame.body.length > maxQueuedBytes))
      return tellFailed(
        sender,
        new SendError('queue-full', `${messages} messages, ${out.bytes} bytes, wait`, {
          fate: 'not-sent',
        }),
      );
    const withdraw = out.add(frame, sender);
    this.#lookAtMarks();
    return withdraw;
  }

  withdrawAll(stream: SendingStream): void {
    this.#streams?.delete(stream);
    this.out.withdrawAll?.(stream);
  }

  /** Whether streams wait. */
  get full(): boolean {
    return this.#isFull && !this.gone;
  }

  whenRoom(stream: SendingStream): void {
    this.#streams ??= new Set();
    this.#streams.add(stream);
  }

  /** Looks whether what waits has crossed a mark: the high one is at half of either bound, the low one at a quarter. */
  #lookAtMarks(): void {
    const { maxQueuedBytes, maxQueuedMessages } = this.settings;
    const part = this.#isFull ? 4 : 2;
    const isFull = this.out.bytes > maxQueuedBytes / part || this.out.messages > maxQueuedMessages / part;
    if (isFull === this.#isFull) return;
    this.#isFull = isFull;
    this.#flow?.next(isFull ? 'paused' : 'open');
  }

  /** In the order in which they came: one that fills the room at once stands at the end again, so that a stream without end leaves room for the others. */
  #tellRoom(): void {
    for (const stream of this.#streams ?? []) {
      if (this.full) break;
      this.#streams?.delete(stream);
      stream.hasRoom();
    }
  }

  /** Begins what may begin. */
  protected pump(): void {
    this.out.pump?.();
  }

  /** Nothing of ours goes out any more: because the wire is gone, or the peer where its answers are needed. */
  protected loseSends(why: Failure): void {
    if (this.#lostBy) return;
    this.#lostBy = why;
    this.#unsent = [];
    this.out.fail(why.error, this.#unsent);
  }

  /** Each step of progress starts the time anew: a slow peer is one that takes something. */
  progress(pending: boolean): void {
    this.await('write', pending ? this.settings.writeTimeoutMs : undefined);
    this.machine.talk?.progress(pending);
  }

  get finSent(): boolean {
    return this.#fin === 'sent';
  }

  // --- what comes: the observer of the wire

  next(chunk: Uint8Array): void {
    if (this.gone) return;
    this.traffic.bytesIn += chunk.length;
    this.settings.traffic.bytesIn += chunk.length;
    // Inside the turn, because what the machine writes goes out at its end.
    this.turn(() => {
      this.machine.push(chunk);
      if (this.#isClosing) this.#drop(chunk.length);
    });
  }

  complete(): void {
    this.#theirFin ??= 'come';
    this.turn(() => this.gone || this.machine.talk?.receiveEnd());
  }

  /** Where nothing more can be said: RST and its like. */
  error(error: unknown): void {
    this.#failNow(error, true);
    this.turn();
  }

  // --- who reads: `messages$`, and the owner of the gate

  #read(reader: Subscriber<In>): void {
    this[claimed]();
    if (this.#isOver) {
      this.#tellEnd(reader);
      return;
    }
    // When all had left, it starts anew.
    this.#isStarted &&= this.#isObserved;
    this.#readers = this.#readers.filter(isReading).concat(reader);
    if (this.#isStarted || this.#isStarting) return;
    // In a later task, so that all who subscribe in this turn see the first message.
    this.#isStarting = true;
    asapScheduler.schedule(() => {
      this.#isStarting = false;
      this.#isStarted = this.#isObserved;
      this.turn();
    });
  }

  /** Nothing is undone when a reader leaves: it is looked at, because to be told would cost ten thousand connections a function and a list each. Most have one, and are asked twice a message. */
  get #isObserved(): boolean {
    return this.#readers[0]?.closed === false || this.#readers.some(isReading);
  }

  /** Whether somebody reads, and there is room. */
  get #isWanted(): boolean {
    return this.#isStarted && this.#isObserved && this.gate.open;
  }

  /** The next message, if it is here. Once `close` was called there is none: what is here is dropped. */
  #next(): In | typeof none {
    const ahead = this.#ahead;
    this.#ahead = none;
    if (ahead !== none) return ahead;
    try {
      // It may be over since the last round: `onUndecodable` can end it, too.
      while (!this.#isOver || this.#isClosing) {
        const message = this.#nextBytes();
        if (!message) break;
        if (this.#isClosing) {
          this.#droppedMessages++;
          continue;
        }
        this.traffic.messagesIn++;
        this.settings.traffic.messagesIn++;
        if (!this.#codec) return message as In;
        try {
          return this.#codec.decode(message as Uint8Array);
        } catch (cause) {
          this.#skip(cause, message as Uint8Array);
        }
      }
    } catch (error) {
      // What is wrong with bytes that are dropped is nobody's business any more.
      if (!this.#isClosing) this.fail(error, this.machine.talk?.midFrame);
      this.machine = silent;
    }
    // All that was complete before it is delivered, or this would not have been asked for.
    this.#failIfNoted(true);
    return none;
  }

  /** The next message of the machine. Of the end it hears behind the last one, and when it is asked for more: what is unread until then may be for another framing. */
  #nextBytes(): unknown {
    const message = this.machine.read();
    if (message || this.#theirFin !== 'come') return message;
    this.#theirFin = 'told';
    this.machine.end();
    return this.machine.read();
  }

  /** What a codec cannot decode ends the connection there, or is left out. */
  #skip(cause: unknown, bytes: Uint8Array): void {
    // An `AsyncSchemaError` is the program's, not the peer's. Known by its code: its class would be in every page.
    const isMistake = (cause as { readonly code?: unknown } | undefined)?.code === 'async-schema';
    const { onUndecodable } = this.settings;
    const error = new ProtocolError('not-decodable', 'A message is no value of the codec', { cause, bytes });
    if (isMistake || !onUndecodable) {
      this.fail(isMistake ? cause : error, true);
      throw error;
    }
    this.machine.consumed?.();
    // Subscribed to, an observer that throws is reported by RxJS and harms nobody.
    of(error).subscribe(onUndecodable);
  }

  /** May decode one message ahead: only when no more can come. */
  protected isNothingLeft(): boolean {
    this.#ahead = this.#next();
    return this.#ahead === none;
  }

  /** Delivers what is there and wanted. */
  #deliver(): void {
    if (this.#isDelivering || this.#isOver) return;
    this.#isDelivering = true;
    while (this.#isWanted) {
      const message = this.#next();
      if (message === none) break;
      // While it was decoded the reader may have left, or the connection have been ended. Asked of the first in place, which takes a twentieth off each message.
      if (this.#readers[0]?.closed && !this.#isObserved) this.#ahead = message;
      else {
        this.held++;
        if (this.gate.deliver(this.#readers, message)) this.#consumed();
      }
    }
    this.#isDelivering = false;
    // The end waits behind what is there, and for somebody to tell, but not for room.
    if (this.#ending && this.#isStarted && this.#isObserved && this.isNothingLeft()) this.#cutMessages();
  }

  #consumed(): void {
    this.held--;
    this.machine.consumed?.();
  }

  /** @internal A held message has lost its last hold. */
  consumed(): void {
    this.#consumed();
    this.soon();
  }

  /** @internal There is room for another. */
  opened(): void {
    this.soon();
  }

  /** Ends `messages$` now, whatever is still there. */
  #cutMessages(how = this.#ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ending = how;
    for (const reader of this.#readers) this.#tellEnd(reader);
  }

  #tellEnd(reader: Subscriber<In>): void {
    const failure = this.#ending?.failure;
    reporting(() => (failure ? reader.error(failure.error) : reader.complete()));
  }

  /** So many bytes came that nobody wants: drops them, and counts the messages that they complete. */
  #drop(bytes: number): void {
    this.#droppedBytes += bytes;
    this.#next();
  }

  // --- a turn: everything that has become possible

  /** `came` is what made it so, if what it writes belongs to the turn. */
  turn(came?: () => void): void {
    this.#turnsAgain = true;
    if (this.#isTurning) {
      came?.();
      return;
    }
    this.#isTurning = true;
    // Another way out may take its place meanwhile, and would leave what it has not entered.
    const { out } = this;
    out.enter?.();
    try {
      came?.();
      while (this.#turnsAgain) this.#turnOnce();
    } catch (error) {
      // A machine or a wire of somebody's own harms its connection only.
      this.machine = silent;
      this.#failNow(error, true, true);
    } finally {
      // Even where the wire cannot be given up: the others wait for the end of the turn.
      this.#isTurning = false;
      out.leave?.();
    }
  }

  /** As `turn`; where another connection brings it about in a turn of its own, behind that. */
  soon(): void {
    if (this.#isTurning || !this.out.soon?.()) this.turn();
  }

  /**
   * What became of ours is told first, and what came is delivered, before a fault or the peer's end is acted on: both stand behind that. Then ours go out, and FIN behind them. The peer is
   * held or let go last, when nothing is left to do.
   */
  #turnOnce(): void {
    this.#turnsAgain = false;
    if (this.#hasOpened) this.open();
    this.out.settle();
    this.#deliver();
    this.#failIfNoted();
    if (this.#theirFin && !this.#hasPeerEnded && !this.gone) this.#endOfPeer();
    this.pump();
    this.#lookAtMarks();
    if (!this.gone) this.#tellRoom();
    this.#finishIfDone();
    if (!this.#turnsAgain && !this.gone) this.#holdThePeer();
  }

  #endOfPeer(): void {
    this.#hasPeerEnded = true;
    this.#by ??= 'peer';
    this.#ending ??= {};
    if (!this.#framing.halfClose)
      this.loseSends({ error: new WireError('reset', 'The peer has ended the connection') });
    this.#deliver();
    this.#failIfNoted();
    // Nobody may ever read what is left.
    if (!this.#isObserved) this.#awaitClose();
  }

  /** Our FIN goes out behind what was queued, when it was asked for, or the peer has ended and we have nothing to add. */
  #finishIfDone(): void {
    if (this.finSent || !(this.#fin || this.#isAllRead()) || this.gone) return;
    if (this.out.queued || this.machine.talk?.tryEnd() === false) return;
    this.#fin = 'sent';
    if (this.#hasPeerEnded || this.#isClosing) this.#awaitClose();
    else this.await('close');
    this.out.end();
    this.#tell();
  }

  /** Whether the peer has ended, all of that is consumed, and our direction is to end with it. */
  #isAllRead(): boolean {
    if (!this.#hasPeerEnded || (this.#framing.halfClose && this.settings.allowHalfOpen)) return false;
    return !this.held && (this.#isOver || this.isNothingLeft());
  }

  /** By the road, where the machine has no better way. While nothing is unread the road stays open, so that FIN is noticed. */
  #holdThePeer(): void {
    const { machine } = this;
    const isWanted = this.#isWanted;
    const holds = machine.look ? machine.look(!this.#isClosing && isWanted) : !isWanted;
    const isPaused = holds && !this.#isClosing && machine.unreadBytes > 0;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    if (isPaused) this.wire.pause();
    else this.wire.resume();
  }

  // --- its life, and the rest of what machines ask: FramingPort

  /** Noted: it is told in a turn, when the machine has returned. */
  ready(): void {
    this.#hasOpened = !this.gone;
  }

  protected open(): void {
    const opening = this.#opening;
    this.#hasOpened = false;
    // A framing that goes on in place of another opens, too.
    if (!opening) return;
    this.#opening = undefined;
    watched()?.opened(this, () => this.machine.unreadBytes);
    opening.next(this);
    opening.complete();
  }

  /** What is left may take so long from now on. */
  #awaitClose(): void {
    this.await('close', this.settings.closeTimeoutMs);
  }

  /** Starts or restarts a deadline; without a time, it is over. */
  await(what: Deadline, ms?: number): void {
    if (this.gone || !(this.#timers || ms)) return;
    this.#timers ??= new Deadlines(this);
    this.#timers.set(what, ms);
  }

  /** @internal */
  expired(what: Deadline): void {
    if (what === 'write')
      this.#failNow(new WireError('write-timeout', 'What we wrote made no progress'), true);
    else if (what !== 'close') this.turn(() => this.machine.expired?.(what as Wait));
    // Whoever still reads what the ended peer has said may take as long as it needs.
    else if (this.#hasPeerEnded && !this.#fin && this.#isObserved) this.#awaitClose();
    else this.#failNow(new WireError('close-timeout', 'The peer did not end in time'), true);
    this.turn();
  }

  /** Notes a fault: the first counts, and is acted on in the turn. */
  fail(error: unknown, reset?: boolean): void {
    this.#fault ??= { error, reset };
    this.#turnsAgain = true;
  }

  #failIfNoted(cutsMessages?: boolean): void {
    if (this.#fault) this.#failNow(this.#fault.error, this.#fault.reset, cutsMessages);
  }

  #failNow(error: unknown, reset = false, cutsMessages = false): void {
    this.#fault = undefined;
    if (this.gone) {
      // What is wrong with the last bytes is found when they are read.
      if (cutsMessages) this.#cutMessages({ failure: this.#failure ?? { error } });
      return;
    }
    // What the kernel has is taken, although the wire is lost in this moment.
    this.out.settle();
    // Once everything of ours is out, FIN behind it, and nothing more is wanted, how the peer goes away changes nothing.
    const isHarmless =
      this.finSent &&
      (this.#hasPeerEnded || this.#isClosing) &&
      !this.out.messages &&
      error instanceof WireError;
    this.#by ??= 'error';
    this.shut(isHarmless ? undefined : { error }, reset, cutsMessages);
  }

  /** The wire is gone, or given up. May be called again, since `destroy` still ends `messages$` then; the rest happens once. `cutsMessages`: those that are here are not delivered. */
  protected shut(why?: Failure, reset = false, cutsMessages = false): void {
    if (!this.gone) {
      this.gone = true;
      this.#failure ??= why;
      this.#timers?.dispose();
      this.loseSends(this.#failure ?? { error: new WireError('reset', 'The connection was closed') });
      this.#tell();
      this.wire.destroy({ reset: this.out.cut?.() || this.machine.talk?.midFrame || reset });
      if (why) this.#opening?.error(why.error);
    }
    const failure = this.#failure;
    this.#ending ??= { failure };
    if (cutsMessages) this.#cutMessages({ failure });
    else this.#deliver();
    reporting(() => this.#flow?.complete());
    // Nobody waits for room any more: whatever they send fails.
    this.#tellRoom();
    // For its owner the connection is closed now; the wire may take a moment to bring the last bytes home.
    this.#outcome ??= {
      by: this.#by ?? 'us',
      ...(failure ?? this.#blame),
      ...(this.#unsent?.length && { unsent: this.#unsent }),
      // A machine with a `talk` counts what it drops itself: only the message read ahead is not known to it.
      dropped: {
        messages: this.#droppedMessages + (this.machine.talk?.dropped.messages ?? 0),
        bytes: this.machine.talk?.dropped.bytes ?? this.#droppedBytes,
      },
    };
    this.#tell();
  }

  /** Tells what is so, to whoever has asked. Once is enough, and more does nothing. */
  #tell(): void {
    reporting(() => {
      if (this.finSent) emit(this.#finSent, undefined);
      else if (this.gone) this.#finSent?.error(this.#lostBy?.error);
      if (this.#outcome) emit(this.#closed, this.#outcome);
    });
  }
}

const isReading = ({ closed }: Subscriber<unknown>): boolean => !closed;

/** In the place of a machine that has thrown. */
const silent: FramingMachine<never> = { unreadBytes: 0, push() {}, read() {}, end() {}, rest: () => [] };

function emit<T>(subject: AsyncSubject<T> | undefined, value: T): void {
  subject?.next(value);
  subject?.complete();
}
