import type { JetStreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { defer, from, type Observable } from 'rxjs';
import type { Letter } from '../span/bus.js';
import { letterOf } from './letters.js';

/** What a JetStream stream keeps of the messages of rooms. */
export interface HistoryOptions {
  /** The name of the JetStream stream. One that is there is used as it is, if it keeps our subjects. @default the prefix, with `-` for its dots */
  readonly stream?: string;
  /** How many messages of each room are kept. @default 100 */
  readonly perRoom?: number;
  /** How long a message is kept, in milliseconds. @default 7 days */
  readonly maxAgeMs?: number;
  /** How many bytes are kept, of all rooms together. @default 64 MiB */
  readonly maxBytes?: number;
  /** Whether it outlives the NATS server, too. @default 'file' */
  readonly storage?: 'file' | 'memory';
}

/** Of a stream that has a name. */
export interface NamedHistoryOptions extends HistoryOptions {
  readonly stream: string;
}

/** How many letters are asked for at a time, and how long a server may take to hand them over, in milliseconds. */
const batch = 1_000;
const readMs = 5_000;

/** Makes the stream, if there is none: emits once. Loads JetStream's client, which those without a history need not have. */
export function openHistory(
  connection: NatsConnection,
  subjects: string,
  options: NamedHistoryOptions,
): Observable<JetStreamManager> {
  return defer(() => from(openStream(connection, subjects, options)));
}

async function openStream(
  connection: NatsConnection,
  subjects: string,
  {
    stream,
    perRoom = 100,
    maxAgeMs = 604_800_000,
    maxBytes = 1 << 26,
    storage = 'file',
  }: NamedHistoryOptions,
): Promise<JetStreamManager> {
  const { DiscardPolicy, jetstreamManager, StorageType } = await import('@nats-io/jetstream');
  const manager = await jetstreamManager(connection);
  const known = await manager.streams.info(stream).catch(() => undefined);
  if (known && (await keeps(manager, stream, subjects))) return manager;
  if (known) throw new Error(`The stream ${stream} keeps other subjects than ${subjects}`);
  await manager.streams.add({
    name: stream,
    subjects: [subjects],
    max_msgs_per_subject: perRoom,
    max_age: nanos(maxAgeMs),
    max_bytes: maxBytes,
    discard: DiscardPolicy.Old,
    storage: storage === 'file' ? StorageType.File : StorageType.Memory,
  });
  return manager;
}

async function keeps(manager: JetStreamManager, stream: string, subjects: string): Promise<boolean> {
  for await (const name of manager.streams.names(subjects)) if (name === stream) return true;
  return false;
}

/** The last letters that a stream has kept on a subject, oldest first, as one list. */
export function readHistory(
  manager: JetStreamManager,
  subject: string,
  count: number,
  { stream }: NamedHistoryOptions,
): Observable<readonly Letter[]> {
  return defer(() => from(readLast(manager, stream, subject, count)));
}

/** Reads all that there is, for a stream knows no other way to its last; keeps no more than those. */
async function readLast(
  manager: JetStreamManager,
  stream: string,
  subject: string,
  count: number,
): Promise<Letter[]> {
  const { AckPolicy, DeliverPolicy } = await import('@nats-io/jetstream');
  const { name, num_pending: kept } = await manager.consumers.add(stream, {
    filter_subject: subject,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(2 * readMs),
    mem_storage: true,
  });
  const last: Letter[] = [];
  const consumer = await manager.jetstream().consumers.get(stream, name);
  for (let left = kept; left > 0; ) {
    const before = left;
    for await (const message of await consumer.fetch({
      max_messages: Math.min(left, batch),
      expires: readMs,
    })) {
      left = message.info.pending;
      const letter = letterOf(message);
      if (letter) last.push(letter);
      if (last.length > count) last.shift();
    }
    if (left === before) break; // what was there has been taken away
  }
  await manager.consumers.delete(stream, name);
  return last;
}
