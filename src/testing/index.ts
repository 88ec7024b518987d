/** The testing door: protocols tested as pictures, in virtual time, on a virtual network. Knows no test runner. */
export { hex, utf8 } from './bytes.js';
export { type MarbleHelpers, marbles } from './marbles.js';
export { type VirtualNetwork, type VirtualNetworkOptions, virtualNetwork } from './virtual-network.js';
