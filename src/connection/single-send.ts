import { Observable, type Subscriber } from 'rxjs';
import type { SendError } from '../errors.js';
import type { Outbox, Sender, Sending } from './outbox.js';

/** One message with one subscription, queued anew with each: `add` queues it, `added` is told. Unsubscribing withdraws it. */
export function sendOne(
  outbox: Outbox,
  add: (sender: Sender) => Sending | undefined,
  added: () => void,
): Observable<void> {
  return new Observable((subscriber) => {
    const sending = add(new SingleSend(subscriber));
    if (sending) subscriber.add(() => outbox.withdraw(sending));
    added();
  });
}

/** The sender of one message: its subscriber. */
class SingleSend implements Sender {
  readonly isStream = false;

  constructor(private readonly subscriber: Subscriber<void>) {}

  taken(): void {
    this.subscriber.next();
    this.subscriber.complete();
  }

  failed(error: SendError): void {
    this.subscriber.error(error);
  }
}
