import { describe } from 'vitest';
import { describePeer, fetched } from '../helpers/peers.js';
import { essentials } from './python/essentials.js';
import { current, old } from './python/peers.js';

// Most of the time is spent in Python's waits, so all of it goes on at once. The rest is in `python.deep.ts`.
describe.concurrent('With Python', () => {
  describePeer('tinyproto 2.0.1', fetched('tinyproto-2.0.1'), () => essentials(old));
  describePeer('tinyproto 3.0', fetched('tinyproto-3.0'), () => essentials(current));
});
