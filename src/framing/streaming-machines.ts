import type { StreamingMachines } from './framing.js';
import { OneWayBodies } from './one-way-bodies.js';
import { SizedStreamDecoder } from './sized-stream-decoder.js';
import { TinyprotoBodies } from './tinyproto-bodies.js';
import { newConversation } from './tinyproto-conversation.js';
import { StreamingTinyprotoMachine } from './tinyproto-streaming.js';

export const streamingMachines: StreamingMachines = {
  oneWay: (prefix, port) => new OneWayBodies(new SizedStreamDecoder(prefix), port),
  tinyproto: (rules, port) =>
    new TinyprotoBodies((end) => new StreamingTinyprotoMachine(rules, end, newConversation()), port),
};
