import { Gate } from '../flow/hold.js';
import type { BodyMachine } from './body-machine.js';

/** Delivers messages that are consumed when all of their bytes are. */
export class BodyGate extends Gate {
  bodies: BodyMachine | undefined;

  override deliver<T>(observers: readonly { next(message: T): void }[], message: T): boolean {
    this.bodies?.willDeliver(message, this);
    return super.deliver(observers, message);
  }
}
