import type { Subscriber } from 'rxjs';
import type { Codec } from '../codec/codec.js';
import type { ProtocolError } from '../errors.js';
import type { Framing } from '../framing/framing.js';
import type { OpenOut } from '../outbox/way-out.js';
import type { Transport, Wire } from '../transport/transport.js';
import type { Budget } from './budget.js';
import type { Connection } from './connection.js';
import { type Counts, newCounts, type Traffic } from './traffic.js';

/** What every connection can be told. */
export interface ConnectionOptions<In = Uint8Array, Out = In> {
  /** How bytes become messages. @default tinyproto() */
  readonly framing?: Framing;
  /** How message bytes become values. Without one, messages are `Uint8Array`s. */
  readonly codec?: Codec<In, Out>;
  /**
   * Told of a message that the codec cannot decode, as a `ProtocolError` with its `bytes`; then the message is skipped and the connection goes on.
   * Without it, the connection ends with that error.
   */
  readonly onUndecodable?: (error: ProtocolError) => void;
  /** Bytes of messages that may wait to be sent or taken; one message alone may be larger. Above it `send` fails with `queue-full`. @default 16 MiB */
  readonly maxQueuedBytes?: number;
  /** Messages that may wait to be sent or taken. Above it `send` fails with `queue-full`. @default 1,024 */
  readonly maxQueuedMessages?: number;
  /** Counts what passes on this connection with that of others; see `traffic()`. */
  readonly traffic?: Traffic;
  /** How long bytes of ours may make no progress, before the connection fails with `write-timeout`. @default 10,000 */
  readonly writeTimeoutMs?: number;
  /**
   * How long a message that has begun may take to come, where somebody reads and the framing has no deadlines of its own, as `tinyproto` has (a decoder by hand has this one with `PacedDecoder`): then the connection fails with
   * `payload-timeout`. A large one has as much again as long as it brings 16 KiB a second. @default 10,000
   */
  readonly messageTimeoutMs?: number;
  /** How long an orderly close may take, before the wire is destroyed. @default 10,000 */
  readonly closeTimeoutMs?: number;
  /**
   * Whether our direction stays open when the peer has ended its own, all of that is consumed and nothing is queued; where the framing can half-close. Then `end()` or `close()` is
   * ours to call, as `serve` and `converse` do. @default false
   */
  readonly allowHalfOpen?: boolean;
}

/** Connection options with nothing left open. */
export interface ConnectionSettings<In, Out> {
  readonly framing: Framing;
  readonly codec?: Codec<In, Out> | undefined;
  readonly onUndecodable?: ((error: ProtocolError) => void) | undefined;
  /** What passes is counted here, too. */
  readonly traffic: Counts;
  readonly maxQueuedBytes: number;
  readonly maxQueuedMessages: number;
  readonly writeTimeoutMs: number;
  readonly messageTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly allowHalfOpen?: boolean;
  /** What it shares with the other connections of its server. */
  readonly budget?: Budget;
  /** Absent: nobody needs to claim it. */
  readonly claimTimeoutMs?: number;
  /** How its wire is written to. Absent: each piece of a frame as it is. */
  readonly outbox?: OpenOut;
  /** The class of the connection, where it is more than every connection is. */
  readonly Core?: ConnectionKind;
}

/** A class of connections: `Core`, or one that adds to it. */
export type ConnectionKind = new <In, Out>(
  wire: Wire,
  settings: ConnectionSettings<In, Out>,
  opening: Subscriber<Connection<In, Out>>,
) => { start(): () => void };

/** What a connection is whose messages are bodies; whoever binds a transport without it has it not in the bundle. Throws a `TypeError` for options that do not go together with it. */
export type BodiesKind = (
  framing: Framing,
  options: { readonly bodies?: unknown; readonly codec?: unknown },
) => { readonly Core: ConnectionKind; readonly codec: Codec<never, never> };

/** What whoever binds `listen` and `connect` to a platform settles for all of their connections. */
export interface ConnectionDefaults {
  readonly framing: Framing;
  /** Absent: bodies cannot be streams there, and nothing of that is in the bundle. */
  readonly bodies?: BodiesKind;
  /** How its wires are written to: `together`, but where all of them keep chunks. @default each piece of a frame as it is */
  readonly outbox?: OpenOut;
}

/** Limits where nobody says. */
const limits = {
  maxQueuedBytes: 2 ** 24,
  maxQueuedMessages: 1_024,
  writeTimeoutMs: 10_000,
  messageTimeoutMs: 10_000,
  closeTimeoutMs: 10_000,
};

export function connectionSettings<In, Out>(
  defaults: ConnectionDefaults,
  options: ConnectionOptions<In, Out> & { readonly bodies?: 'stream' },
): ConnectionSettings<In, Out> {
  const { framing = defaults.framing, traffic = newCounts() } = options;
  if (options.bodies !== undefined && !defaults.bodies) throw new TypeError('Bodies cannot be streams here');
  if (!('bytesIn' in traffic)) throw new TypeError('traffic is what traffic() gives');
  const settings = { ...defaults, ...options, framing, traffic, ...limits };
  for (const name of Object.keys(limits) as (keyof typeof limits)[])
    settings[name] = positiveOption(options, name, limits[name]);
  return options.bodies === undefined ? settings : { ...settings, ...defaults.bodies?.(framing, options) };
}

/** A transport that does not know what is asked for would let pass in the clear what was to be secret. */
export function demandSecurable(transport: Transport, asked: object): void {
  const names = Object.keys(asked);
  if (names.length > 0 && !transport.canSecure)
    throw new TypeError(`This transport does not know ${names.join(' and ')}`);
}

/** An option that is a limit, or what it is where nobody says. */
export function positiveOption<Name extends string>(
  options: { readonly [Of in Name]?: number },
  name: Name,
  byDefault: number,
): number {
  return positive(name, options[name] ?? byDefault);
}

/** A limit is a number above zero; `Infinity` has to be written. */
export function positive(name: string, value: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name} is a number, not ${typeof value}`);
  if (!(value > 0)) throw new RangeError(`${name} is above 0, not ${value}`);
  return value;
}
