/** The door to what else needs Node. */
export { compressed, type CompressedOptions } from './compressed.js';
export { diagnostics } from './diagnostics.js';
export { writeSpec } from './write-spec.js';
