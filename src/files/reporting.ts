import { Observable } from 'rxjs';

/** Work that is written as a program of steps, as an Observable of what it reports. Unsubscribing does not stop it: the end of its connection does. */
export function reporting<T>(work: (report: (value: T) => void) => Promise<void>): Observable<T> {
  return new Observable((subscriber) => {
    work((value) => subscriber.next(value)).then(
      () => subscriber.complete(),
      (error) => subscriber.error(error),
    );
  });
}
