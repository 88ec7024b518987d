import { pageBus } from './docs-bus.js';

// What `rx-tinyproto/cluster` is in the pages of the docs: the door, whose channel is in memory.
export * from '../../src/cluster/index.js';

export const clusterBus = () => pageBus.end();
