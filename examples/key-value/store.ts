import { asyncScheduler } from 'rxjs';

/** A text under a key, and until when. */
interface Entry {
  readonly text: string;
  readonly until: number;
}

/** Texts under keys, some for a while. Its time is RxJS's, so that a test owns it. */
export class Store {
  private readonly entries = new Map<string, Entry>();

  constructor(readonly maxKeys = 100_000) {}

  get(key: string): string | undefined {
    return this.entry(key)?.text;
  }

  /** Whether there was room for it. */
  set(key: string, text: string, forMs = Infinity): boolean {
    if (this.entry(key) === undefined && this.entries.size >= this.maxKeys) this.forgetPast();
    if (!this.entries.has(key) && this.entries.size >= this.maxKeys) return false;
    this.entries.set(key, { text, until: asyncScheduler.now() + forMs });
    return true;
  }

  /** Whether there was something to delete. */
  delete(key: string): boolean {
    return this.entry(key) !== undefined && this.entries.delete(key);
  }

  /** For how many milliseconds more; `undefined` where nothing is. */
  leftMs(key: string): number | undefined {
    const entry = this.entry(key);
    return entry && entry.until - asyncScheduler.now();
  }

  private entry(key: string): Entry | undefined {
    const entry = this.entries.get(key);
    if (entry === undefined || entry.until > asyncScheduler.now()) return entry;
    this.entries.delete(key);
    return undefined;
  }

  private forgetPast(): void {
    for (const key of [...this.entries.keys()]) this.entry(key);
  }
}
