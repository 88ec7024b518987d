/** The front door, in the order in which a chunk walks through the rooms. */
export {
  type ErrorCode,
  type Fate,
  HoldLostError,
  PacedOverflowError,
  ProtocolError,
  type ProtocolErrorCode,
  SendError,
  type SendErrorCode,
  TinyprotoError,
  WireError,
  type WireErrorCode,
} from './errors.js';
export type { Address, BoundAddress, Transport, Wire } from './transport/transport.js';
export { tcp } from './transport/tcp.js';
export type { Frame, Framing } from './framing/framing.js';
export { tinyproto, type TinyprotoOptions } from './framing/tinyproto.js';
export type { Codec } from './codec/codec.js';
export { text } from './codec/text.js';
export { consume, type ConsumeOptions } from './flow/consume.js';
export { hold, type Hold, type HoldOptions } from './flow/hold.js';
export { paced, type PacedOptions, type Valve } from './flow/paced.js';
export type { Closed, Connection } from './connection/connection.js';
export type { ConnectionOptions } from './connection/options.js';
export type { ConnectOptions } from './client/connect.js';
export { converse } from './client/converse.js';
export type { ListenOptions } from './server/listen.js';
export { serve, type ServeContext, type ServeOptions } from './server/serve.js';

import { connectOver } from './client/connect.js';
import { tinyproto } from './framing/tinyproto.js';
import { listenOver } from './server/listen.js';
import { tcp } from './transport/tcp.js';

const defaults = { transport: tcp(), framing: tinyproto() };

export const listen = listenOver(defaults);
export const connect = connectOver(defaults);
