import { type BoundAddress, lengthPrefixed, listen, serve, text } from 'rx-tinyproto';
import { broadcast, nats } from 'rx-tinyproto/nats';
import { endWith, ignoreElements, interval, map, mergeMap, range, take } from 'rxjs';

/**
 * One of several servers of one room: `room-server.ts SERVERS NAME`. Tells who started it the port, the state of the bus and the size of the room everywhere; sends as many messages
 * as it is told to, `NAME 1`, `NAME 2`, …, 50 of them on their way to
 * the bus at a time, or one after each `everyMs`.
 */
const [servers = '', name = ''] = process.argv.slice(2);

const tell = (word: object) => process.send?.(word);
const codec = text();
const room = broadcast<string>({ bus: nats({ servers }), name: 'hall', codec, whileAway: 'queue' });

listen(0, {
  framing: lengthPrefixed(),
  codec,
  openObserver: {
    next: ([bound]: readonly BoundAddress[]) => bound && 'port' in bound && tell({ port: bound.port }),
  },
})
  .pipe(serve((conn) => room.join(conn, conn.id.slice(0, 4))))
  .subscribe();
room.state$.subscribe(({ state }) => tell({ state }));
room.presence$.subscribe(({ size }) => tell({ present: size, at: Date.now() }));
room.missed$.subscribe(({ count, why }) => tell({ missed: count, why }));

let sent = 0;
process.on(
  'message',
  ({ send, everyMs = 0, bytes = 0 }: { send: number; everyMs?: number; bytes?: number }) => {
    (everyMs > 0 ? interval(everyMs).pipe(take(send)) : range(0, send))
      .pipe(
        mergeMap(() => room.send(`${name} ${++sent} ${'.'.repeat(bytes)}`), 50),
        ignoreElements(),
        endWith(undefined),
        map(() => ({ sent })),
      )
      .subscribe({ next: tell, error: (error) => tell({ failed: String(error) }) });
  },
);
process.on('disconnect', () => process.exit());
