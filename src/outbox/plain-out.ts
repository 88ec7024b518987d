import { asapScheduler } from 'rxjs';
import type { Frame } from './frame.js';
import { lost, tellFailed, tellTaken } from './told.js';
import type { OutOwner, Sender, WayOut } from './way-out.js';

/** The end of a message on its way: who is told when the kernel has it, and what counts until then. */
interface Last {
  readonly sender: Sender;
  readonly bytes: number;
}

/**
 * The way out of a connection whose frames wait for nothing, on a wire that keeps chunks: each goes to the wire as it is, at once. So there is nothing to take out again, to pump or to
 * list as unsent.
 */
export class PlainOut implements WayOut {
  bytes = 0;
  messages = 0;
  readonly #owner: OutOwner;
  /** Pieces that were written, until that is told: of each the message that is whole with it. */
  #pieces: (Last | undefined)[] = [];
  /** So many of these are with the kernel. */
  #written = 0;
  readonly #done = (error?: unknown) => {
    if (error) this.#owner.error(error);
    // Those that a wire tells of in a row, and those that it has taken at once, are told of together.
    else if (!this.#written++) asapScheduler.schedule(() => this.#owner.turn());
  };

  constructor(owner: OutOwner) {
    this.#owner = owner;
  }

  /** Its last piece is written even if it is empty: with that, the outcome is told. */
  add({ head, body, tail }: Frame, sender: Sender): undefined {
    const bytes = body.length;
    const last = tail.length ? tail : body;
    this.messages++;
    this.bytes += bytes;
    if (head.length) this.#write(head);
    if (last !== body) this.#write(body);
    this.#write(last, { sender, bytes });
  }

  settle(): void {
    if (!this.#written) return;
    while (this.#written) {
      this.#written--;
      const last = this.#pieces.shift();
      if (!last) continue;
      this.messages--;
      this.bytes -= last.bytes;
      this.#owner.traffic.messagesOut++;
      this.#owner.settings.traffic.messagesOut++;
      tellTaken(last.sender, 1);
    }
    this.#owner.progress(this.#pieces.length > 0);
  }

  fail(cause: unknown): void {
    // What the kernel has is taken, although the wire is lost in this moment.
    this.settle();
    const all = this.#pieces;
    this.#pieces = [];
    this.bytes = this.messages = 0;
    for (const last of all) if (last) tellFailed(last.sender, lost('unknown', cause));
  }

  end(): void {
    this.#owner.wire.end(() => {});
  }

  #write(piece: Uint8Array, last?: Last): void {
    const owner = this.#owner;
    owner.traffic.bytesOut += piece.length;
    owner.settings.traffic.bytesOut += piece.length;
    const isFirst = this.#pieces.push(last) === 1;
    if (owner.wire.write(piece, this.#done)) this.#done();
    else if (isFirst) owner.progress(true);
  }
}
