import { asapScheduler, Observable, type Subscriber } from 'rxjs';
import { HoldLostError } from '../errors.js';
import { Delivery, Gate, type Hold } from '../flow/hold.js';
import type { Body } from './body.js';

/**
 * One body on its way to its reader.
 *
 *     fresh ──subscribed──▶ read ──last part──▶ whole
 *       └──consumed──▶ dropped ◀──left──┘ └──the connection ends──▶ failed
 *
 * While somebody reads, that holds the message; what nobody will read is dropped as it comes.
 */
export class BodyReader {
  readonly body: Body;
  #state: 'fresh' | 'read' | 'dropped' | 'whole' | 'failed' = 'fresh';
  #missing: number;
  #failure: unknown;
  readonly #take: () => Uint8Array | undefined;
  readonly #ready: () => void;
  readonly #gate: Gate;
  /** The message, as something to hold. */
  #delivery: Delivery | undefined;
  #reader: Subscriber<Uint8Array> | undefined;
  #started = false;
  #delivering = false;
  #partsHeld = 0;
  #reading: Hold | undefined;
  #over: (() => void) | undefined;

  /** `take` gives the next part that is here; `ready` is told when there is a new reason to `deliver`. */
  constructor(size: number, take: () => Uint8Array | undefined, ready: () => void = () => this.deliver()) {
    this.#missing = size;
    this.#take = take;
    this.#ready = ready;
    this.#gate = new Gate({ consumed: () => this.#partConsumed(), opened: ready });
    this.body = { size, body$: new Observable((subscriber) => this.#subscribe(subscriber)) };
  }

  /** Whether a part would be taken now. */
  get wanted(): boolean {
    return this.#state === 'dropped' || (this.#state === 'read' && this.#started && this.#gate.open);
  }

  /** Whether nothing of it will come any more. */
  get over(): boolean {
    return this.#state === 'whole' || this.#state === 'failed';
  }

  /** The message is about to be delivered by a gate. */
  willDeliver(gate: Gate): void {
    this.#delivery = new BodyDelivery(gate, this);
    gate.willDeliver(this.#delivery);
  }

  /** Takes the parts that are here and wanted. */
  deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    while (this.#missing > 0 && this.wanted) {
      const part = this.#take();
      if (part === undefined) break;
      this.#missing -= part.length;
      if (this.#state === 'read') this.#give(part);
    }
    this.#delivering = false;
    if (this.#missing === 0 && (this.#state === 'dropped' || this.#started)) this.#finish();
  }

  /** The message is consumed; `over` is called when all of it has come. */
  consumed(over: () => void): void {
    if (this.over) {
      over();
      return;
    }
    this.#over = over;
    this.#state = 'dropped';
    this.#ready();
  }

  fail(error: unknown): void {
    if (this.over) return;
    this.#state = 'failed';
    this.#failure = error;
    this.#reader?.error(error);
    this.#end();
  }

  #subscribe(subscriber: Subscriber<Uint8Array>): void {
    const refusal = this.#refusal();
    if (refusal) {
      subscriber.error(refusal.error);
      return;
    }
    this.#state = 'read';
    this.#reader = subscriber;
    // Whoever holds the message already says how many may be at work.
    this.#reading = this.#delivery?.hold(this.#delivery.holds > 0 ? 1 : 0);
    subscriber.add(() => this.#left());
    subscriber.add(
      asapScheduler.schedule(() => {
        this.#started = true;
        this.#ready();
      }),
    );
  }

  #refusal(): { readonly error: unknown } | undefined {
    if (this.#reader) return { error: new TypeError('A body has one subscriber: its bytes are not kept') };
    if (this.#state === 'failed') return { error: this.#failure };
    return this.#state === 'fresh' ? undefined : { error: consumedUnread() };
  }

  #left(): void {
    if (this.#state !== 'read') return;
    this.#state = 'dropped';
    this.#release();
    this.#ready();
  }

  #give(part: Uint8Array): void {
    this.#partsHeld++;
    if (this.#gate.deliver([this.#reader as Subscriber<Uint8Array>], part)) this.#partsHeld--;
  }

  #partConsumed(): void {
    this.#partsHeld--;
    if (this.#state === 'whole' && this.#partsHeld === 0) this.#release();
  }

  #finish(): void {
    if (this.over) return;
    this.#state = 'whole';
    this.#reader?.complete();
    if (this.#partsHeld === 0) this.#release();
    this.#over?.();
  }

  #end(): void {
    this.#release();
    this.#over?.();
  }

  #release(): void {
    const reading = this.#reading;
    this.#reading = undefined;
    reading?.release();
  }
}

/** The message is consumed when nobody holds it and all of it has come. */
class BodyDelivery extends Delivery {
  readonly #body: BodyReader;

  constructor(gate: Gate, body: BodyReader) {
    super(gate);
    this.#body = body;
  }

  override delivered(): boolean {
    if (super.delivered()) this.consumed();
    return false;
  }

  protected override consumed(): void {
    this.#body.consumed(() => super.consumed());
  }
}

function consumedUnread(): HoldLostError {
  return new HoldLostError('The message was consumed before its body was subscribed to (hold-lost)');
}
