import { throwError } from 'rxjs';

/**
 * Tells of what somebody has thrown who was told of an end, as a teardown does that fails: as RxJS tells of what an observer throws, in a later task. Let through, it would
 * come out at a socket, or in a scheduler, and leave undone what else was to be done there.
 */
export function report(error: unknown): void {
  throwError(() => error).subscribe();
}

/** Tells somebody, and reports what that throws. */
export function reporting(tell: () => void): void {
  try {
    tell();
  } catch (error) {
    report(error);
  }
}
