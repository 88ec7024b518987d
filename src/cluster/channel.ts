import type { Observable } from 'rxjs';

/** What a worker and its primary say to each other, as it survives JSON and structured cloning. Other programs' messages on the same channel are not ours. */
export type Word =
  /** Primary: I pass letters on. */
  | { readonly say: 'ready' }
  /** Worker: I am here, and receive these. Primary: then `up`. */
  | { readonly say: 'hello'; readonly subjects: readonly string[] }
  | { readonly say: 'up' }
  /** Worker: I receive this, too, or no more. */
  | { readonly say: 'listen' | 'ignore'; readonly subject: string }
  /** Either way. The bytes are in base64; `flight` counts those of a worker. */
  | {
      readonly say: 'letter';
      readonly subject: string;
      readonly from: string;
      readonly number: number;
      readonly bytes: string;
      readonly flight: number;
    }
  /** Primary: your letters up to this one are with me. */
  | { readonly say: 'taken'; readonly flight: number }
  /** Primary: I pass nothing on any more. Worker: I receive nothing any more. */
  | { readonly say: 'gone' };

/** The way between a primary and one worker. */
export interface Channel {
  readonly words$: Observable<Word>;
  /** `done` when the system has it, or will not have it. */
  send(word: Word, done: () => void): void;
  /** Emits once, when the other side is gone; at once, if it is already. */
  readonly closed$: Observable<unknown>;
}

export const nothing = (): void => {};
