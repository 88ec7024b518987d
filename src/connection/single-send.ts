import { Observable, type Subscriber } from 'rxjs';
import type { SendError } from '../errors.js';
import type { Outbox, Sender, Sending } from './outbox.js';

/** One message with one subscription, queued anew with each: `add` queues it. Unsubscribing withdraws it. */
export function sendOne(outbox: Outbox, add: (sender: Sender) => Sending | undefined): Observable<void> {
  return new Observable((subscriber) => {
    const sending = add(new SingleSend(subscriber));
    // What has begun goes out whole, so there is nothing to undo.
    if (sending?.state === 'queued') subscriber.add(() => outbox.withdraw(sending));
  });
}

/** The sender of one message: its subscriber. */
class SingleSend implements Sender {
  readonly isStream = false;
  readonly #subscriber: Subscriber<void>;

  constructor(subscriber: Subscriber<void>) {
    this.#subscriber = subscriber;
  }

  taken(): void {
    this.#subscriber.next();
    this.#subscriber.complete();
  }

  failed(error: SendError): void {
    this.#subscriber.error(error);
  }
}
