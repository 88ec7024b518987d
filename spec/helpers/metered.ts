import { type Framing, type TinyprotoOptions, tinyproto } from 'rx-tinyproto';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoEnd } from '../../src/framing/tinyproto-end.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';

export interface Metered {
  readonly framing: Framing;
  /** The most messages that were complete here and unconsumed at once, on any connection; whoever has read them. */
  readonly most: number;
}

/** The framing `tinyproto`, which counts what lies unconsumed in its machines after each chunk. */
export function metered(options: TinyprotoOptions = {}): Metered {
  let most = 0;
  return {
    framing: {
      ...tinyproto(options),
      open(port) {
        const conversation = newConversation();
        const end = new TinyprotoEnd((of) => new TinyprotoMachine(rulesOf(options), of, conversation), port);
        const push = end.push.bind(end);
        end.push = (chunk) => {
          push(chunk);
          most = Math.max(most, conversation.inbox.length + conversation.handed.length);
        };
        return end;
      },
    },
    get most() {
      return most;
    },
  };
}

/** What rule 3 of the wire protocol lets lie unconsumed at one end, if both are alike: the slots, the extra ones, and the peer's window. */
export function unconsumedBound({ inboxSlots = 1, window = 1, extraSlots }: TinyprotoOptions): number {
  return inboxSlots + (extraSlots ?? Math.max(8, window)) + window;
}
