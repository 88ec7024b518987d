import { ascii, bytesOfHex, hexOf } from '../../testing/bytes.js';
import type { Mark } from '../batch.js';
import { says } from './lane.js';
import type { Chosen } from './lanes.js';
import type { Row } from './store.js';

/** Tells of a marble, or of a row that has none to tell of. Whatever a peer has sent is text here, and nothing else. */
export function showDetail(place: HTMLElement, chosen: Chosen | undefined, row: Row | undefined): void {
  if (!chosen) {
    place.textContent = row
      ? `${row.name} · left and right choose its marbles.`
      : 'Click a marble, or choose one with the arrow keys, to see its bytes.';
    return;
  }
  const { mark } = chosen;
  const size = mark.size === undefined ? '' : `, ${mark.size} ${mark.size === 1 ? 'byte' : 'bytes'}`;
  const line = document.createElement('span');
  line.textContent = `${chosen.row.name} · ${says[mark.kind]} at ${(mark.at / 1_000).toFixed(3)} s${size}`;
  const bytes = document.createElement('pre');
  bytes.tabIndex = 0;
  bytes.textContent = mark.note ?? bytesOf(mark);
  place.replaceChildren(line, bytes);
}

function bytesOf({ hex = '', size = 0 }: Mark): string {
  const bytes = bytesOfHex(hex);
  const rest = bytes.length < size ? ` … and ${size - bytes.length} more` : '';
  return `${hexOf(bytes)}${rest}\n${ascii(bytes)}`;
}
