import {
  type BoundAddress,
  broadcast,
  type Connection,
  connect,
  consume,
  converse,
  type Framing,
  lengthPrefixed,
  listen,
  relay,
  serve,
  tinyproto,
} from 'rx-tinyproto';
import { asapScheduler, firstValueFrom, ignoreElements, merge, ReplaySubject, tap } from 'rxjs';
import { type Peer, sample, type Wire } from '../peer.js';
import { sizedAudience } from '../raw/sized-audience.js';

const maxMessageBytes = 64 << 20;

const framings: Record<Wire, Framing> = {
  lengthPrefixed: lengthPrefixed({ maxMessageBytes }),
  tinyproto: tinyproto({ maxMessageBytes }),
  pipelined: tinyproto({ maxMessageBytes, window: 64, inboxSlots: 64 }),
};

/** At the end of a run one side goes first. What matters shows as messages that are missing. */
const error = () => {};

/** This library, as its users would write it. */
export const ours: Peer = {
  name: 'rx-tinyproto',

  sink({ wire, got }) {
    return listening((openObserver) =>
      listen(0, { framing: framings[wire], openObserver }).subscribe((conn) =>
        conn.messages$.subscribe({ next: got, error }),
      ),
    );
  },

  source({ wire, size, sending, port }) {
    const message = sample(size);
    connect(port, { framing: framings[wire] }).subscribe({
      next: (conn) => {
        if (sending === 'stream') conn.sendAll(endless(message)).subscribe({ error });
        else sendEach(conn, message);
      },
      error,
    });
  },

  echoServer({ wire, window }) {
    return listening((openObserver) =>
      listen(0, { framing: framings[wire], openObserver })
        .pipe(
          serve((conn) =>
            conn.messages$.pipe(consume((message) => conn.send(message), { concurrency: window })),
          ),
        )
        .subscribe({ error }),
    );
  },

  echoClient({ wire, size, window, port, got }) {
    const message = sample(size);
    connect(port, { framing: framings[wire] }).subscribe({
      next: (conn) => {
        const ask = () => conn.send(message).subscribe({ error });
        conn.messages$.subscribe({
          next: (answer) => {
            got(answer);
            ask();
          },
          error,
        });
        for (let asked = 0; asked < window; asked++) ask();
      },
      error,
    });
  },

  relay({ wire, port }) {
    const framing = framings[wire];
    return listening((openObserver) =>
      listen(0, { framing, openObserver })
        .pipe(
          serve((inside) =>
            connect(port, { framing }).pipe(
              converse((outside) => relay(inside, outside, { concurrency: 256 })),
            ),
          ),
        )
        .subscribe({ error }),
    );
  },

  broadcaster({ wire, size, window, connections }) {
    const room = broadcast<Uint8Array>({ maxPendingMessages: 64 });
    const message = sample(size);
    const round = () => {
      for (let sent = 0; sent < window; sent++) room.send(message).subscribe({ error });
    };
    let members = 0;
    return listening((openObserver) =>
      listen(0, { framing: framings[wire], openObserver })
        .pipe(
          serve((conn) => {
            if (++members === connections) asapScheduler.schedule(round);
            return merge(room.join(conn), conn.messages$.pipe(tap(round), ignoreElements()));
          }),
        )
        .subscribe({ error }),
    );
  },

  audience: sizedAudience,

  idle({ wire, got }) {
    return listening((openObserver) =>
      listen(0, { framing: framings[wire], openObserver, maxConnections: 20_000 })
        .pipe(
          serve((conn) => {
            got(nothing);
            return conn.messages$.pipe(consume((message) => conn.send(message)));
          }),
        )
        .subscribe({ error }),
    );
  },
};

const nothing = new Uint8Array(0);

/** A `send` for each message; as many at a time as the connection queues. */
function sendEach(conn: Connection, message: Uint8Array): void {
  const complete = () => {
    conn.send(message).subscribe({ complete, error });
  };
  for (let sent = 0; sent < 512; sent++) complete();
}

function endless<T>(value: T): Iterable<T> {
  const result = { value, done: false } as const;
  return { [Symbol.iterator]: () => ({ next: () => result }) };
}

async function listening(
  start: (openObserver: ReplaySubject<readonly BoundAddress[]>) => unknown,
): Promise<number> {
  const bound = new ReplaySubject<readonly BoundAddress[]>(1);
  start(bound);
  const [address] = await firstValueFrom(bound);
  if (address === undefined || !('port' in address)) throw new Error('A port was asked for');
  return address.port;
}
