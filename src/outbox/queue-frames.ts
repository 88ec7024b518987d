import type { FramingOut } from './frame.js';
import { Outbox } from './outbox.js';
import type { OutOwner, WayOut } from './way-out.js';
import { Writer } from './writer.js';

/**
 * Has what is sent from here on wait until the framing lets it begin, where frames went out at once so far. For a machine with a `talk`, when it is opened: so that a queue is
 * in no bundle whose framings need none. Behind it `port.out` has `write` and `outcome`. Does nothing where there is a queue.
 */
export function queueFrames(port: { readonly out: Partial<FramingOut> }): void {
  if (port.out.outcome) return;
  // Where frames go out at once, the port is a connection.
  const connection = port as OutOwner;
  connection.out = new QueueBehind(connection);
}

/** The queue of a framing that has answers, where the frames before it had none. */
class QueueBehind extends Outbox {
  readonly #before: WayOut;

  constructor(connection: OutOwner) {
    super(connection, Writer);
    this.#before = connection.out;
  }

  override settle(): void {
    const { messages } = this.#before;
    this.#before.settle();
    // What is on its way behind the last of them is to make progress, too.
    if (messages > 0 && this.out.isPending) this.owner.progress(true);
    super.settle();
  }

  override fail(cause: unknown, unsent: Uint8Array[]): void {
    this.#before.fail(cause, unsent);
    super.fail(cause, unsent);
  }
}
