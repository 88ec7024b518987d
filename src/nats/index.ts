/** The door to rooms that span processes and machines, through a NATS server. It needs `@nats-io/transport-node`, and `@nats-io/jetstream` for a history. */
export type { HistoryOptions } from './history.js';
export { nats, type NatsOptions } from './nats.js';
export { broadcast } from '../span/broadcast.js';
export type { Bus, BusState, Letter } from '../span/bus.js';
export type { Missed, Present, SpanningOptions, SpanningRoom, WhileBusAway } from '../span/room.js';
