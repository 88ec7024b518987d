import { type Connection, consume, converse } from 'rx-tinyproto';
import {
  concatWith,
  ignoreElements,
  merge,
  type Observable,
  type OperatorFunction,
  share,
  take,
  throwError,
} from 'rxjs';
import { asLongAs } from './as-long-as.js';

/**
 * Asks one question after the other, and emits the answers: the next goes out when the last has its answer. Completes behind the last answer; a
 * server that hangs up before is an error. Questions that can be held (see `paced`) wait where they come from.
 */
export function lockstep<In, Out>(questions$: Observable<Out>): OperatorFunction<Connection<In, Out>, In> {
  return converse((conn) => {
    const answers$ = conn.messages$.pipe(share());
    const ask = (question: Out) => merge(answers$.pipe(take(1)), conn.send(question).pipe(ignoreElements()));
    const untilTheyLeave$ = answers$.pipe(ignoreElements(), concatWith(throwError(hungUp)));

    return questions$.pipe(consume(ask), asLongAs(untilTheyLeave$));
  });
}

const hungUp = () => new Error('The server has hung up');
