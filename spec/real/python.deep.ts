import { describe } from 'vitest';
import { describePeer, fetched, onPath } from '../helpers/peers.js';
import { essentials } from './python/essentials.js';
import { further } from './python/further.js';
import { patience } from './python/patience.js';
import { current, facts, old, type Peer } from './python/peers.js';

function everything(peer: Peer): void {
  essentials(peer);
  further(peer, [3, 10]);
  patience(peer);
}

// Most of the time is spent in Python's waits, so all of it goes on at once.
describe.concurrent('With Python', () => {
  describePeer('a peer written from the facts', onPath('python3'), () => everything(facts));
  describePeer('tinyproto 2.0.1', fetched('tinyproto-2.0.1'), () => everything(old));
  describePeer('tinyproto 3.0', fetched('tinyproto-3.0'), () => everything(current));
});
