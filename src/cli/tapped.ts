import { asyncScheduler } from 'rxjs';
import { ascii, hexOf } from '../testing/bytes.js';
import { formatAddress } from '../transport/address.js';
import type { Transport } from '../transport/transport.js';
import { type Tapped, wiretap } from '../transport/wiretap.js';
import { inked } from './colors.js';
import { type Stage, tell } from './stage.js';

/** So many bytes of a chunk are shown. */
const most = 32;

/** The transport of a stage, on which everything that passes is told: when, with whom, which way, what. */
export function tapped(stage: Stage): Transport {
  const start = asyncScheduler.now();
  return wiretap(stage.transport, {
    next: ({ remote, direction, what }) => {
      const ms = Math.round(asyncScheduler.now() - start);
      const where = `${`${ms}`.padStart(7)} ms  ${formatAddress(remote)} ${direction === 'in' ? '→' : '←'}`;
      tell(stage, inked(stage.err, direction === 'in' ? 'magenta' : 'blue', `${where} ${inWords(what)}`));
    },
  });
}

function inWords(what: Tapped['what']): string {
  if (typeof what === 'string') return what.toUpperCase();
  const piece = what.subarray(0, most);
  const more = what.length > most ? `… ${what.length} bytes` : '';
  return `${hexOf(piece)}  ${ascii(piece)}${more}`;
}
