import { type Fate, SendError } from '../errors.js';
import { report, reporting } from '../flow/report.js';
import type { ManySender, Sender } from './way-out.js';

/** Why a message was not taken, where its connection is gone. */
export function lost(fate: Fate, cause: unknown): SendError {
  return new SendError('connection-closed', `The connection is closed; fate of the message: ${fate}`, {
    fate,
    cause,
  });
}

export function tellFailed(sender: Sender, error: SendError): undefined {
  reporting(() => (isMany(sender) ? sender.failed(error) : sender.error(error)));
}

/** As `reporting` does, without a function for each message. */
export function tellTaken(sender: Sender, messages: number): void {
  try {
    if (isMany(sender)) sender.taken(messages);
    else {
      sender.next();
      sender.complete();
    }
  } catch (error) {
    report(error);
  }
}

/** A subscriber may be of another copy of RxJS, so it is not asked what it is. */
export function isMany(sender: Sender): sender is ManySender {
  return 'isStream' in sender;
}
