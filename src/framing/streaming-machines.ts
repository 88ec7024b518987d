import type { StreamingMachines } from './framing.js';
import { StreamingOneWayMachine } from './one-way-streaming.js';
import { SizedStreamDecoder } from './sized-stream-decoder.js';
import { newConversation } from './tinyproto-conversation.js';
import { StreamingTinyprotoMachine } from './tinyproto-streaming.js';

export const streamingMachines: StreamingMachines = {
  oneWay: (prefix, port) => new StreamingOneWayMachine(new SizedStreamDecoder(prefix), port),
  tinyproto: (rules, port) => new StreamingTinyprotoMachine(rules, port, newConversation()),
};
