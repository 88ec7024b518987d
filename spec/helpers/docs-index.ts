import { connectOver } from '../../src/client/connect.js';
import { streamedBodies } from '../../src/connection/streamed-bodies.js';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { together } from '../../src/outbox/open-outbox.js';
import { listenOver } from '../../src/server/listen.js';
import { virtualNetwork } from '../../src/testing/virtual-network.js';

// What `rx-tinyproto` is in the pages of the docs: the front door, whose default transport is a network in memory.
// Evaluated once a page, so each page has a network of its own.
export * from '../../src/index.js';

const defaults = {
  transport: virtualNetwork(),
  framing: tinyproto(),
  bodies: streamedBodies,
  outbox: together,
};

export const listen = listenOver(defaults);
export const connect = connectOver(defaults);
