import { ignoreElements, NEVER, type Observable, onErrorResumeNextWith } from 'rxjs';
import type { RunHelpers } from 'rxjs/testing';

/** Runs beside the others, from the same turn as what is expected, whatever comes of it. */
export const beside = (source$: Observable<unknown>, expectObservable: RunHelpers['expectObservable']) =>
  expectObservable(source$.pipe(ignoreElements(), onErrorResumeNextWith(NEVER)), '10m !').toBe('');
