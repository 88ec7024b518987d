import { nats } from '../../src/nats/nats.js';
import { busContract } from '../contracts/bus.js';
import { natsServer, natsServerHere } from '../helpers/nats-server.js';
import { describePeer } from '../helpers/peers.js';

describePeer('nats-server', natsServerHere, () => {
  busContract('NATS', async (test) => {
    const server = await natsServer(test);
    return {
      end: () => nats({ servers: server.address, minDelayMs: 10, maxDelayMs: 50 }),
      lose: () => server.kill(),
      mend: () => server.restart(),
    };
  });
});
