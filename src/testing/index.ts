/** The testing door: protocols tested as pictures, in virtual time, on a virtual network. Knows no test runner. */
export { hex, text } from './bytes.js';
export { type MarbleHelpers, marbles, type MarblesOptions } from './marbles.js';
export type { Check } from './checks.js';
export type { ToBe, ToBeSpans } from './expectations.js';
export type { ConnectionOrLater } from './connection-expectations.js';
export type { RawPeer } from './raw-peer.js';
export { MarbleError } from './marble-error.js';
export {
  bandwidth,
  calm,
  type Fault,
  failDials,
  failListeners,
  fragment,
  halfClose,
  latency,
  partition,
  release,
  repair,
  reset,
  rule,
  shred,
  stall,
} from './faults.js';
export type { Passing, Rule, Verdict, Where } from './network-road.js';
export {
  type NetworkInside,
  type RoadSettings,
  type VirtualNetwork,
  type VirtualNetworkOptions,
  virtualNetwork,
} from './virtual-network.js';
export { type VirtualBus, type VirtualBusEnd, type VirtualBusOptions, virtualBus } from './virtual-bus.js';
export { drawScene, type DrawOptions } from './draw.js';
export type { Row, RowKind, Scene } from './scene.js';
export { chaos, type ChaosOptions } from './chaos.js';
export { type EverySplit, everySplit } from './every-split.js';
export { framingContract } from './framing-contract.js';
export type { FramingSamples, TestRunner } from './framing-samples.js';
export { drawSvg, type SvgOptions } from './svg.js';
export { record, type RecordOptions, type Recording } from './record.js';
export type { SpecOptions } from './record-spec.js';
