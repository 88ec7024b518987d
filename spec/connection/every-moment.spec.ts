import { describe } from 'vitest';
import { everyMoment } from './every-moment.js';

// At every one of them, and on all kinds of connections: see the deep one.
describe.each(['lengthPrefixed, each frame by itself', 'tinyproto, bodies'])(
  'at some moments, on %s,',
  (kind) => everyMoment(kind, 4),
);
