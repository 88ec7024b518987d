import { type Connection, consume, converse } from 'rx-tinyproto';
import { ignoreElements, merge, type Observable, type OperatorFunction, share, take } from 'rxjs';
import { asLongAs } from './as-long-as.js';

/**
 * Asks one question after the other, and emits the answers: the next goes out when the last has its answer. Completes behind the last answer, and
 * when the server hangs up. Questions that can be held (see `paced`) wait where they come from.
 */
export function lockstep<In, Out>(questions$: Observable<Out>): OperatorFunction<Connection<In, Out>, In> {
  return converse((conn) => {
    const answers$ = conn.messages$.pipe(share());
    const ask = (question: Out) => merge(answers$.pipe(take(1)), conn.send(question).pipe(ignoreElements()));

    return questions$.pipe(consume(ask), asLongAs(answers$));
  });
}
