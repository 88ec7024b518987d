import { virtualBus } from '../../src/testing/virtual-bus.js';

/** The bus of a page: what `nats()` and `clusterBus()` give in it are ends of this one. */
export const pageBus = virtualBus({ keeps: 100 });
