import {
  BehaviorSubject,
  finalize,
  forkJoin,
  ignoreElements,
  map,
  merge,
  Observable,
  Subject,
  share,
  tap,
} from 'rxjs';
import type { Connection } from '../connection/connection.js';
import { bytesOf, demandBytes } from '../connection/encoder.js';
import { positive } from '../connection/options.js';
import { sealed } from '../relay/envelope.js';
import { localRoom } from '../relay/local-room.js';
import type { SendOptions } from '../relay/room.js';
import { arrivals } from './arrivals.js';
import type { BusState } from './bus.js';
import { outgoing } from './outgoing.js';
import { presence } from './presence.js';
import type { Missed, SpanningOptions, SpanningRoom } from './room.js';
import { writerOn } from './writer.js';

/**
 * A room that spans processes: whatever is sent to it in one of them is sent to all who have joined, in any.
 *
 *     process 1    a joins   send(m)
 *     a            ----------m--------
 *     the bus      -----------m-------      once, whatever the number of members
 *     process 2    b and c join
 *     b, c         ------------m------      sent the bytes that came, encoded once
 *
 * Its members here are those of a room of `broadcast` in `rx-tinyproto`, with the same bounds, policies and `dropped$`; `except` is about members here, and what is sent `to` some
 * does not leave the process. Messages of one process come to all in the order in which it sent them; those of two processes may come in another order elsewhere. A message comes once: what
 * was sent again behind a loss of the bus is known by its number. What did not come is known by the next number, or a heartbeat later: `missed$` tells.
 *
 * `send` completes when it is queued for the members here and the bus has it. While the bus is away, `whileAway` decides: `'fail'` (default) fails with `bus-away` and sends it to
 * nobody, `'local-only'` goes on with the members here, `'queue'` keeps `maxQueuedMessages` (default 1,024) and `maxQueuedBytes` (default 16 MiB) for when it is back, under `send`s that are not complete.
 *
 * `presence$` tells who is where. A process that leaves says so; one that dies is silent, and its members are gone `goneMs` (default 3,000) after its last sign, or a `heartbeatMs` (default 1,000) later.
 */
export function broadcast<T>(options: SpanningOptions<T>): SpanningRoom<T> {
  const { bus, name, codec, heartbeatMs, goneMs, maxArrivingMessages } = settingsOf(options);
  const writer = writerOn(bus);
  const local = localRoom<T>(options);
  const states = new BehaviorSubject<BusState>({ state: 'connecting' });
  const missed = new Subject<Missed>();
  const seats = new Map<string, number>();
  let missedCount = 0;

  const out = outgoing(bus, `messages.${name}`, writer, options);
  const arriving = arrivals<T>(
    bus,
    `messages.${name}`,
    {
      writer,
      local,
      codec,
      maxArrivingMessages,
      replay: options.replay ?? 0,
    },
    (one) => {
      missedCount += one.count;
      missed.next(one);
    },
  );
  const who = presence(bus, `presence.${name}`, {
    writer,
    heartbeatMs,
    goneMs,
    sent: () => out.last,
    expect: arriving.expect,
  });

  const turn = (state: BusState) => {
    out.turn(state);
    arriving.turn(state);
    who.turn(state);
    states.next(state);
  };

  /** In this order, who receives is subscribed before the bus says that it is up, and we say bye before it is closed. */
  const open$: Observable<never> = merge(who.run$, arriving.run$, bus.state$.pipe(tap(turn))).pipe(
    ignoreElements(),
    finalize(() => turn({ state: 'connecting' })),
    share(),
  );

  const join = (connection: Connection<unknown, T>, called?: string) => {
    const { id } = connection;
    const member = { id, ...(called !== undefined && { name: nameOf(called) }) };
    return new Observable<never>((subscriber) => {
      const seated = seats.get(id) ?? 0;
      seats.set(id, seated + 1);
      if (seated === 0) who.come(member);
      subscriber.add(() => {
        const left = (seats.get(id) ?? 1) - 1;
        seats.set(id, left);
        if (left > 0) return;
        seats.delete(id);
        who.go(id);
      });
      subscriber.add(open$.subscribe());
      local.join(connection).subscribe(subscriber);
    });
  };

  /** Keeps the bus open until it has the message. */
  const cross = (bytes: Uint8Array): Observable<void> => {
    const crossed$ = out.add(bytes);
    const opened = open$.subscribe();
    crossed$.subscribe({ error: () => opened.unsubscribe(), complete: () => opened.unsubscribe() });
    return crossed$;
  };

  const send = (message: T, where: SendOptions<T> = {}): Observable<void> => {
    if (codec === undefined) demandBytes(message);
    if (where.to) return local.send(message, where);
    return new Observable((subscriber) => {
      const bytes = bytesOf(codec, message);
      out.admit(bytes.length);
      // What somebody sends while it is handed over here comes behind it there, too.
      const here$ = local.queue(sealed(message, bytes, codec), where);
      const sent$ = forkJoin([here$, cross(bytes)]).pipe(map(() => undefined));
      subscriber.add(sent$.subscribe(subscriber));
    });
  };

  return {
    join,
    send,
    members$: local.members$,
    size$: local.size$,
    dropped$: local.dropped$,
    get droppedCount() {
      return local.droppedCount;
    },
    state$: merge(open$, states),
    presence$: merge(open$, who.everyone$),
    missed$: missed.asObservable(),
    get missedCount() {
      return missedCount;
    },
  };
}

function settingsOf<T>(options: SpanningOptions<T>) {
  const { bus, name, codec, heartbeatMs = 1_000, goneMs = 3_000, maxArrivingMessages = 1_024 } = options;
  if (!/^[\w-]+(\.[\w-]+)*$/.test(name))
    throw new TypeError('name is words of letters, digits, - and _, with dots between them');
  if (name.length > 256) throw new RangeError(`name has 256 characters at most, not ${name.length}`);
  positive('heartbeatMs', heartbeatMs);
  positive('goneMs', goneMs);
  positive('maxArrivingMessages', maxArrivingMessages);
  if (goneMs <= heartbeatMs) throw new RangeError(`goneMs ${goneMs} is not above heartbeatMs ${heartbeatMs}`);
  return { bus, name, codec, heartbeatMs, goneMs, maxArrivingMessages };
}

function nameOf(called: string): string {
  if (called.length > 256) throw new RangeError(`A name has 256 characters at most, not ${called.length}`);
  return called;
}
