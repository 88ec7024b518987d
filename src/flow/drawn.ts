import { Observable, type ObservableInput } from 'rxjs';
import { Gate } from './hold.js';

/** The values of an iterable, each drawn when the ones before are let go: emits in deliveries of its own, so that it can be held. */
export function drawn<T>(values: Iterable<T>): Observable<T> {
  return new Observable((subscriber) => {
    /** Absent while it gives its next value, and when it has thrown or is done: then it is not to be told to return. */
    let idle: Iterator<T> | undefined = values[Symbol.iterator]();
    let drawing = false;

    const drawAll = () => {
      while (gate.open && idle) drawOne(idle);
    };

    const drawOne = (iterator: Iterator<T>) => {
      idle = undefined;
      const { done, value } = iterator.next();
      if (done) subscriber.complete();
      else if (subscriber.closed) iterator.return?.();
      else {
        idle = iterator;
        gate.deliver([subscriber], value);
      }
    };

    const draw = () => {
      if (drawing) return;
      drawing = true;
      try {
        drawAll();
      } catch (error) {
        subscriber.error(error);
      }
      drawing = false;
    };

    const gate = new Gate({ consumed: () => {}, opened: draw });
    subscriber.add(() => {
      const left = idle;
      idle = undefined;
      left?.return?.();
    });
    draw();
  });
}

/** Whether the values of a source can be drawn. */
export function isIterable<T>(values: ObservableInput<T>): values is Iterable<T> & ObservableInput<T> {
  return typeof values === 'object' && Symbol.iterator in values;
}
