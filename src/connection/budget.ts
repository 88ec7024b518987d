/** What is no larger may use all of a budget; a larger message leaves a quarter of it alone. As large as a message that may come without being granted. */
const smallBytes = 65_536;

/**
 * How many bytes of messages all connections of a server may have here: granted or come, and not yet consumed.
 *
 * A message larger than the whole budget passes alone: otherwise it would wait for ever. Who announces large messages and sends none of them must not
 * hold up the small ones of everybody else: of that kind there is always room for some.
 */
export class Budget {
  #used = 0;
  /** Who waits for a message, and of how many bytes it is. */
  readonly #waiting = new Map<() => void, number>();
  /** Who waits with what has come already. */
  readonly #paused = new Set<() => void>();

  constructor(private readonly bytes: number) {}

  get used(): number {
    return this.#used;
  }

  /** Takes bytes if there is room for them. If not, `again` is called once when there is. */
  reserve(bytes: number, again: () => void): boolean {
    if (!this.#fits(bytes)) {
      this.#waiting.set(again, bytes);
      return false;
    }
    this.#used += bytes;
    return true;
  }

  /** Takes bytes that are here already, or will be. */
  take(bytes: number): void {
    this.#used += bytes;
  }

  /** Whether who has so many of the bytes had better take no more: all are used, and not by it alone. If so, `again` is called once when there may be room. */
  isFullBeside(own: number, again: () => void): boolean {
    const full = this.#used >= this.bytes && this.#used > own;
    if (full) this.#paused.add(again);
    return full;
  }

  /** Gives bytes back, and lets those try again for whom there may be room, in the order in which they came. */
  release(bytes: number): void {
    this.#used -= bytes;
    if (this.#paused.size > 0) this.#resume();
    // Who waits anew stands at the end, and finds no room there.
    for (const [again, wanted] of this.#waiting) {
      if (!this.#fits(wanted)) continue;
      this.#waiting.delete(again);
      again();
    }
  }

  #resume(): void {
    const paused = [...this.#paused];
    this.#paused.clear();
    for (const again of paused) again();
  }

  /** Waits no more. */
  forget(again: () => void): void {
    this.#waiting.delete(again);
    this.#paused.delete(again);
  }

  #fits(bytes: number): boolean {
    const room = bytes > smallBytes ? 0.75 * this.bytes : this.bytes;
    return this.#used === 0 || this.#used + bytes <= room;
  }
}
