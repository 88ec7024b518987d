export { Bench } from '../../src/testing/framing-bench.js';
