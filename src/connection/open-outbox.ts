import type { Wire } from '../transport/transport.js';
import { CollectingWriter } from './collecting-writer.js';
import { Outbox, type OutboxOptions, type Speaker } from './outbox.js';
import { RunOutbox } from './run-outbox.js';
import type { Meter } from './traffic.js';
import { Writer, type WriterEvents } from './writer.js';

/** The way out of a connection. */
export type OpenOutbox = (
  wire: Wire,
  connection: Speaker & WriterEvents,
  limits: OutboxOptions,
  meter: Meter,
) => Outbox;

/** Each piece of a frame is handed to the wire as it is. */
export const openOutbox: OpenOutbox = (wire, connection, limits, meter) =>
  new Outbox(connection, new Writer(wire, connection), limits, meter);

/** What is small and written in one turn goes out together: but for wires that keep chunks. Whoever binds a transport without it has it not in the bundle. */
export const together: OpenOutbox = (wire, connection, limits, meter) =>
  wire.keepsChunks
    ? openOutbox(wire, connection, limits, meter)
    : new RunOutbox(connection, new CollectingWriter(wire, connection), limits, meter);
