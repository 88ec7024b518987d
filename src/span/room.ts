import type { Observable } from 'rxjs';
import type { Codec } from '../codec/codec.js';
import type { Connection } from '../connection/connection.js';
import type { BroadcastOptions, Room } from '../relay/room.js';
import type { Bus, BusState } from './bus.js';

/**
 * What becomes of a message while the bus is away: its send fails and nobody gets it; the members here get it and the others never will; or the members here get it at once, and the others
 * when the bus is back.
 */
export type WhileBusAway = 'fail' | 'local-only' | 'queue';

/** What a room is told, wherever its members are. */
export interface SpanningOptions<T> extends BroadcastOptions {
  /** What carries messages between the processes. One room of a name on each. */
  readonly bus: Bus;
  /** Which room it is: those of one name on one bus are one. Words of letters, digits, `-` and `_`, with dots between them; 256 characters at most. */
  readonly name: string;
  /** How messages cross between processes. Members that speak the same codec are sent the bytes as they came. Without one, messages are `Uint8Array`s. */
  readonly codec?: Codec<T>;
  /** What becomes of a message while the bus is away. @default 'fail' */
  readonly whileAway?: WhileBusAway;
  /** Bytes of messages that may wait until the bus has them; one message alone may be larger. Above it `send` fails with `queue-full`. @default 16 MiB */
  readonly maxQueuedBytes?: number;
  /** Messages that may wait until the bus has them. Above it `send` fails with `queue-full`. @default 1,024 */
  readonly maxQueuedMessages?: number;
  /** Messages from elsewhere that may wait for slow members here, with `onSlow: 'wait'`. What comes beyond is dropped, and `missed$` tells. @default 1,024 */
  readonly maxArrivingMessages?: number;
  /** How often each process says that it is there, in milliseconds. @default 1,000 */
  readonly heartbeatMs?: number;
  /** After how much silence a process is taken for dead, in milliseconds; its members are gone a heartbeat later at most. @default 3,000 */
  readonly goneMs?: number;
}

/** A member of a room, in whichever process. */
export interface Present {
  /** The id of its connection. */
  readonly id: string;
  /** What it was called when it joined. */
  readonly name?: string;
  /** The id of the bus in whose process it is. */
  readonly process: string;
}

/** Messages from another process that the members here were not sent. */
export interface Missed {
  /** The id of the bus that they came from. */
  readonly process: string;
  /** How many. */
  readonly count: number;
  /** `lost`: they did not come, by their numbers. `slow`: members here had no room for them. `undeliverable`: they are none of the codec, or a member cannot be sent them. */
  readonly why: 'lost' | 'slow' | 'undeliverable';
}

/** What connections of any process join, to be sent what is sent to all. */
export interface SpanningRoom<T> extends Room<T> {
  /** As in a room of one process. The name, of 256 characters at most, is shown to all by `presence$`. */
  join(connection: Connection<unknown, T>, name?: string): Observable<never>;
  /** How the way to the other processes stands, now and with each change. Open as long as this, `presence$` or a membership is subscribed, or a message waits: a server subscribes it while it runs. */
  readonly state$: Observable<BusState>;
  /** The members everywhere, by the ids of their connections, now and whenever some come or go: always the same living map. */
  readonly presence$: Observable<ReadonlyMap<string, Present>>;
  /** What members here were not sent of the messages of other processes, as it is found out. */
  readonly missed$: Observable<Missed>;
  /** How many messages of other processes members here were not sent so far. */
  readonly missedCount: number;
}
