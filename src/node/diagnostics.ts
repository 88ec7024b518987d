import { channel } from 'node:diagnostics_channel';
import type { NextObserver } from 'rxjs';
import type { ServerEvent } from '../server/events.js';

/**
 * Publishes what happens to a server on Node's diagnostics channels, for tools that listen there: each event on a channel `rx-tinyproto:` and its type.
 *
 * Costs next to nothing while nobody subscribes to the channel. Source: `node:diagnostics_channel`.
 *
 * @example
 * ```ts
 * import { subscribe } from 'node:diagnostics_channel';
 * import { listen, serve } from 'rx-tinyproto';
 * import { diagnostics } from 'rx-tinyproto/node';
 *
 * subscribe('rx-tinyproto:closed', (event) => console.log(event));
 * listen(9123, { eventObserver: diagnostics() }).pipe(serve((conn) => conn.messages$)).subscribe();
 * ```
 */
export function diagnostics(): NextObserver<ServerEvent> {
  return {
    next: (event) => {
      const to = channel(`rx-tinyproto:${event.type}`);
      if (to.hasSubscribers) to.publish(event);
    },
  };
}
