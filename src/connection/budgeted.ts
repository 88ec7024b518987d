import type { FramingGrants, FramingMachine, FramingPort, Wait } from '../framing/framing.js';
import { COLLECTED_BYTES } from '../framing/limits.js';
import type { FramingTalk } from '../outbox/frame.js';
import type { Body } from './body.js';
import type { Budget } from './budget.js';
import { Share } from './share.js';

/** A machine whose bytes count in its server's budget, and which lets its peer wait while that is used up. */
export class Budgeted implements FramingMachine<Uint8Array | Body>, FramingGrants {
  /** Whether the peer is granted what it sends. Asked with each message: a field costs less than to look for `retry` in the machine. */
  isGranting = false;
  #machine!: FramingMachine<Uint8Array | Body>;
  readonly #port: FramingPort;
  readonly #budget: Budget;
  /** Made for the first bytes that count: most connections are idle. */
  #share: Share | undefined;

  constructor(machine: FramingMachine<Uint8Array | Body>, port: FramingPort, budget: Budget) {
    this.#port = port;
    this.#budget = budget;
    this.goOn(machine);
  }

  /** Another framing goes on; what was read and is not consumed still counts. */
  goOn(machine: FramingMachine<Uint8Array | Body>): void {
    this.#machine = machine;
    this.isGranting = machine.talk?.retry !== undefined;
  }

  get talk(): FramingTalk | undefined {
    return this.#machine.talk;
  }

  get unreadBytes(): number {
    return this.#machine.unreadBytes;
  }

  push(chunk: Uint8Array): void {
    this.#machine.push(chunk);
  }

  read(): Uint8Array | Body | undefined {
    const message = this.#machine.read();
    if (message) (this.#share ?? this.#owned).read(sizeOf(message));
    return message;
  }

  consumed(): void {
    this.#machine.consumed?.();
    this.#share?.consumed();
  }

  end(): void {
    this.#machine.end();
  }

  rest(): readonly Uint8Array[] {
    return this.#machine.rest();
  }

  look(wanted: boolean): boolean {
    const share = this.unreadBytes > 0 ? this.#owned : this.#share;
    const isFull = share?.look() === true;
    const isWanted = wanted && !isFull;
    return this.#machine.look?.(isWanted) ?? !isWanted;
  }

  expired(wait: Wait): void {
    this.#machine.expired?.(wait);
  }

  grant(bytes: number, force: boolean): boolean {
    return (this.#share ?? this.#owned).grant(bytes, force);
  }

  /** The connection is gone: what it has is for the others. */
  dispose(): void {
    this.#share?.end();
  }

  /** The share, made if it is not there. Who asks with each message looks at the field first: a call for that would show. */
  get #owned(): Share {
    this.#share ??= new Share(this.#budget, this, this.#port);
    return this.#share;
  }
}

/** A message that is a body counts if it is here whole. */
function sizeOf(message: Uint8Array | Body): number {
  if (message instanceof Uint8Array) return message.length;
  return message.size > COLLECTED_BYTES ? 0 : message.size;
}
