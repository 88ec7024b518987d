import { pageBus } from './docs-bus.js';

// What `rx-tinyproto/nats` is in the pages of the docs: the door, whose server is in memory.
export * from '../../src/nats/index.js';

export const nats = () => pageBus.end();
