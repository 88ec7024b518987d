import { asapScheduler } from 'rxjs';
import type { DialRoad } from './browser-dial.js';
import { closedByReset } from './closings.js';
import type { Road, RoadEvents } from './frame-wire.js';
import { type PlatformStream, platform, type StreamEnds } from './platform.js';

const ignore = () => {};

/** Dials a `WebSocketStream`, where the platform has one. */
export const streamDial = (): DialRoad | undefined => {
  const { WebSocketStream } = platform();
  return (
    WebSocketStream &&
    ((url, protocols, up, failed) => {
      const giving = new AbortController();
      const stream = new WebSocketStream(url, { protocols, signal: giving.signal });
      let over = false;
      stream.closed.catch(ignore); // it fails with what `opened` fails with
      stream.opened.then((ends) => {
        over = true;
        up((on) => streamRoad(stream, ends, on));
      }, failed);
      return () => {
        if (!over) giving.abort();
      };
    })
  );
};

/** The `WebSocketStream` of a browser, which holds its peer: nothing is read before it is wanted. */
function streamRoad(stream: PlatformStream, ends: StreamEnds, on: RoadEvents): Road {
  const reader = ends.readable.getReader();
  const writer = ends.writable.getWriter();
  let written: Promise<unknown> = Promise.resolve();
  let wanted = false;
  let reading = false;

  /** One at a time, until nothing is wanted. */
  function read(): void {
    if (!wanted || reading) return;
    reading = true;
    reader.read().then(({ value }) => {
      reading = false;
      if (value === undefined) return;
      if (typeof value === 'string') on.text(value);
      else on.chunk(new Uint8Array(value));
      read();
    }, ignore);
  }

  function flow(isWanted: boolean): void {
    wanted = isWanted;
    read();
  }

  // Nobody is left to be held: what lies before the end is read.
  stream.closed.then(() => flow(true), ignore);
  reader.closed
    .catch(ignore)
    .then(() => stream.closed)
    .then(
      ({ closeCode, reason }) => on.closed(closeCode, reason),
      // Not clean, but with the peer's code where its close frame came before TCP broke: then nothing was lost.
      ({ closeCode, reason }) => on.closed(closeCode ?? 1006, reason ?? ''),
    );

  return {
    flow,
    write(bytes, taken) {
      written = writer.write(bytes);
      written.then(taken, ignore);
    },
    close(code, sent) {
      written
        .then(() => {
          stream.close({ closeCode: code });
          sent();
        })
        .catch(ignore);
    },
    cut() {
      // Not `close`: Chromium crashes a page that closes while a write waits, and here it is to be dropped anyway.
      const { WebSocketError } = platform();
      const why = WebSocketError && new WebSocketError('', { closeCode: closedByReset });
      writer.abort(why).catch(ignore);
      asapScheduler.schedule(() => on.closed(closedByReset, ''));
    },
  };
}
