import { asapScheduler, type Subscription, timer } from 'rxjs';
import { closedByReset } from './closings.js';
import type { Road, RoadEvents } from './frame-wire.js';
import type { PlatformSocket } from './platform.js';

/** What the platform may have of ours before the next chunk waits here: it tells of its buffer, but not when that empties. */
const bufferBytes = 65_536;
/** How often a full buffer is looked at again. */
const lookMs = 4;

const OPEN = 1;

/** The `WebSocket` of a browser, which can hold its writer and not its peer. */
export function socketRoad(socket: PlatformSocket, on: RoadEvents): Road {
  const waiting: (() => void)[] = [];
  let looking: Subscription | undefined;

  socket.onmessage = ({ data }) => {
    if (typeof data === 'string') on.text(data);
    else on.chunk(new Uint8Array(data));
  };
  socket.onclose = ({ code, reason }) => {
    looking?.unsubscribe();
    on.closed(code, reason);
  };

  /** One that is closing would swallow what it is given. */
  function pump(): void {
    looking?.unsubscribe();
    while (waiting.length > 0 && socket.bufferedAmount <= bufferBytes && socket.readyState === OPEN)
      waiting.shift()?.();
    if (waiting.length > 0) looking = timer(lookMs).subscribe(pump);
  }

  function queue(work: () => void, done: () => void): void {
    waiting.push(() => {
      work();
      asapScheduler.schedule(done);
    });
    pump();
  }

  return {
    flow() {},
    write: (bytes, taken) =>
      queue(() => {
        if (bytes.length > 0) socket.send(bytes);
      }, taken),
    close: (code, sent) => queue(() => socket.close(code), sent),
    cut() {
      waiting.length = 0;
      socket.close(closedByReset);
      asapScheduler.schedule(() => on.closed(closedByReset, ''));
    },
  };
}
