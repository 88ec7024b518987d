/**
 * How many bytes of messages all connections of a server may have here: granted or come, and not yet consumed.
 *
 * A message larger than the whole budget passes alone: otherwise it would wait for ever.
 */
export class Budget {
  #used = 0;
  readonly #waiting = new Set<() => void>();

  constructor(private readonly bytes: number) {}

  get used(): number {
    return this.#used;
  }

  /** Takes bytes if there is room for them. If not, `again` is called once when there may be. */
  reserve(bytes: number, again: () => void): boolean {
    if (this.#used > 0 && this.#used + bytes > this.bytes) {
      this.#waiting.add(again);
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
    if (full) this.#waiting.add(again);
    return full;
  }

  /** Gives bytes back, and lets those who wait try again, in the order in which they came. */
  release(bytes: number): void {
    this.#used -= bytes;
    if (this.#waiting.size === 0) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const again of waiting) again();
  }

  /** Waits no more. */
  forget(again: () => void): void {
    this.#waiting.delete(again);
  }
}
