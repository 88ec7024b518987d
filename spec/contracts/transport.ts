import { describe } from 'vitest';
import { addressContract } from './transport-addresses.js';
import { bytesContract } from './transport-bytes.js';
import { endingContract } from './transport-endings.js';
import { flowContract } from './transport-flow.js';
import { monkeyContract } from './transport-monkey.js';
import type { TransportCase } from './wires.js';

export type { TransportCase } from './wires.js';

/** What every transport owes: the same for sockets and for the virtual network, so that neither becomes a second, wrong TCP. */
export function transportContract(name: string, of: TransportCase): void {
  describe(name, () => {
    bytesContract(of);
    flowContract(of);
    endingContract(of);
    addressContract(of);
    monkeyContract(of, { runs: of.monkeys ?? 300 });
  });
}
