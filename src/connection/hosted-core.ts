import { WireError } from '../errors.js';
import type { Framing, FramingGrants, FramingMachine } from '../framing/framing.js';
import type { Body } from './body.js';
import { Budgeted } from './budgeted.js';
import { claimed } from './claim.js';
import { Core, type Deadline, type Failure } from './core.js';

/** A connection that may be a server's: then what is here of its messages counts with those of the others, and somebody must take charge of it. */
export class HostedCore<In, Out> extends Core<In, Out> {
  #budgeted: Budgeted | undefined;
  /** Nobody has taken charge of it so far, and somebody must. */
  #isUnclaimed = this.settings.claimTimeoutMs !== undefined;
  /** The time for that runs. */
  #isTimed = false;

  /** A framing of somebody's own that fails here leaves no wire behind. */
  override start(): () => void {
    try {
      return super.start();
    } catch (error) {
      this.wire.destroy({ reset: true });
      throw error;
    }
  }

  override [claimed](): void {
    if (this.#isTimed && this.#isUnclaimed) this.await('claim');
    this.#isUnclaimed = false;
  }

  override expired(what: Deadline): void {
    if (what !== 'claim') super.expired(what);
    else if (this.#isUnclaimed) {
      this.fail(new WireError('unclaimed', 'Nobody read, served or closed the connection'));
      this.turn();
    }
  }

  protected override open(): void {
    super.open();
    // Most are claimed at once, by whoever is given them, and need no timer.
    this.#isTimed = this.#isUnclaimed;
    if (this.#isUnclaimed) this.await('claim', this.settings.claimTimeoutMs);
  }

  /** Asked by machines that answer sizes. */
  get grants(): FramingGrants | undefined {
    return this.#budgeted;
  }

  protected override machineOf(framing: Framing): FramingMachine<unknown> {
    const machine = this.uncounted(framing);
    if (!this.settings.budget) return machine;
    if (this.#budgeted) this.#budgeted.goOn(machine);
    else this.#budgeted = new Budgeted(machine, this, this.settings.budget);
    return this.#budgeted;
  }

  /** The machine itself, whose bytes count nowhere yet. */
  protected uncounted(framing: Framing): FramingMachine<Uint8Array | Body> {
    return framing.open(this);
  }

  protected override shut(why?: Failure, reset?: boolean, cutsMessages?: boolean): void {
    this.#budgeted?.dispose();
    super.shut(why, reset, cutsMessages);
  }
}
