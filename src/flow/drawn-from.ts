import type { Observable, ObservableInput } from 'rxjs';
import { drawn, isIterable } from './drawn.js';
import { held } from './drawn-async.js';

/** The values of whatever they come from, each drawn as the ones before are let go, where the source can be asked. */
export function drawnFrom<T>(values: ObservableInput<T>): Observable<T> {
  return isIterable(values) ? drawn(values) : held(values);
}
