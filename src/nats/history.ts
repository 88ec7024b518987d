import type { JetStreamManager } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';
import { defer, from, map, type Observable } from 'rxjs';
import type { Letter } from '../span/bus.js';
import { letterOf } from './letters.js';

export interface HistoryOptions {
  /** The name of the JetStream stream. One that is there is used as it is. @default 'rx-tinyproto' */
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

/** How long a server may take to hand over a history, in milliseconds. */
const readMs = 5_000;

/** Makes the stream, if there is none: emits once. Loads JetStream's client, which those without a history need not have. */
export function openHistory(
  connection: NatsConnection,
  subjects: string,
  options: HistoryOptions,
): Observable<JetStreamManager> {
  return defer(() => from(openStream(connection, subjects, options)));
}

async function openStream(
  connection: NatsConnection,
  subjects: string,
  {
    stream = 'rx-tinyproto',
    perRoom = 100,
    maxAgeMs = 604_800_000,
    maxBytes = 1 << 26,
    storage = 'file',
  }: HistoryOptions,
): Promise<JetStreamManager> {
  const { DiscardPolicy, jetstreamManager, StorageType } = await import('@nats-io/jetstream');
  const manager = await jetstreamManager(connection);
  const known = await manager.streams.info(stream).catch(() => undefined);
  if (known) return manager;
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

/** The last letters that a stream has kept on a subject, oldest first, as one list. */
export function readHistory(
  manager: JetStreamManager,
  subject: string,
  count: number,
  { stream = 'rx-tinyproto' }: HistoryOptions,
): Observable<readonly Letter[]> {
  return defer(() => from(readAll(manager, stream, subject))).pipe(map((all) => all.slice(-count)));
}

async function readAll(manager: JetStreamManager, stream: string, subject: string): Promise<Letter[]> {
  const { AckPolicy, DeliverPolicy } = await import('@nats-io/jetstream');
  const { name, num_pending: kept } = await manager.consumers.add(stream, {
    filter_subject: subject,
    deliver_policy: DeliverPolicy.All,
    ack_policy: AckPolicy.None,
    inactive_threshold: nanos(2 * readMs),
    mem_storage: true,
  });
  const all: Letter[] = [];
  if (kept > 0) {
    const consumer = await manager.jetstream().consumers.get(stream, name);
    for await (const message of await consumer.fetch({ max_messages: kept, expires: readMs })) {
      const letter = letterOf(message);
      if (letter) all.push(letter);
    }
  }
  await manager.consumers.delete(stream, name);
  return all;
}
