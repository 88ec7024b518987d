import { type NextObserver, Subject } from 'rxjs';

/** How far a server has come with stopping. */
export interface ShutdownProgress {
  /** How many connections are still open. */
  readonly left: number;
  /** How many there were when the server was told to stop. */
  readonly of: number;
}

/** Counts the open connections of a server, and tells of them once it stops. */
export interface ProgressTeller {
  opened(): void;
  closed(): void;
  stop(): void;
}

export function progressTeller(observer: NextObserver<ShutdownProgress> | undefined): ProgressTeller {
  const progress = new Subject<ShutdownProgress>();
  let open = 0;
  let of: number | undefined;

  const tell = () => {
    if (of === undefined) return;
    progress.next({ left: open, of });
    if (open === 0) progress.complete();
  };

  if (observer) progress.subscribe(observer);
  return {
    opened() {
      open++;
    },
    closed() {
      open--;
      tell();
    },
    stop() {
      of = open;
      tell();
    },
  };
}
