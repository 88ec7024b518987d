import {
  asapScheduler,
  concat,
  defer,
  ignoreElements,
  type Observable,
  type ObservableInput,
  scheduled,
  tap,
} from 'rxjs';
import { SendError } from '../errors.js';
import { consume } from '../flow/consume.js';
import { drawnFrom } from '../flow/drawn-from.js';

/** How many of its messages are under way at once. */
const window = 16;

/** Sends a stream of messages, each on the wire of its moment. What comes without heed of a hold waits here: `maxWaiting` messages, and one more is `queue-full`. */
export function logicalSendAll<Out>(
  messages: ObservableInput<Out>,
  send: (message: Out) => Observable<void>,
  maxWaiting: number,
): Observable<void> {
  return defer(() => {
    let waiting = 0;
    const came = () => {
      if (waiting >= maxWaiting)
        throw new SendError('queue-full', `${waiting} messages wait already`, { fate: 'not-sent' });
      waiting++;
    };
    const begin = (message: Out) => {
      waiting--;
      return send(message);
    };
    const sent$ = drawnFrom(messages).pipe(
      tap(came),
      consume(begin, { concurrency: window, strict: false }),
      ignoreElements(),
    );
    return concat(sent$, scheduled([undefined], asapScheduler));
  });
}
