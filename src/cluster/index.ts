/** The door to rooms that span the workers of one machine, over the channel of `node:cluster`. */
export { clusterBus, clusterHub } from './cluster.js';
export type { HubOptions } from './hub.js';
export { broadcast } from '../span/broadcast.js';
export type { Bus, BusState, Letter } from '../span/bus.js';
export type { Missed, Present, SpanningOptions, SpanningRoom, WhileBusAway } from '../span/room.js';
