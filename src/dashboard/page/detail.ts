import { ascii, bytesOfHex } from '../../testing/bytes.js';
import type { Mark } from '../batch.js';
import type { Chosen } from './lanes.js';

const says: Readonly<Partial<Record<Mark['kind'], string>>> = {
  in: 'came',
  out: 'was sent',
  closed: 'closed',
  failed: 'a message failed',
  error: 'ended in an error',
};

/** Tells of a marble. Whatever a peer has sent is text here, and nothing else. */
export function showDetail(place: HTMLElement, chosen: Chosen | undefined): void {
  place.replaceChildren();
  if (!chosen) {
    place.textContent = 'Click a marble, or choose one with the arrow keys, to see its bytes.';
    return;
  }
  const { row, mark } = chosen;
  const size = mark.size === undefined ? '' : `, ${mark.size} bytes`;
  const line = document.createElement('span');
  line.textContent = `${row.name} · ${says[mark.kind]} at ${(mark.at / 1_000).toFixed(3)} s${size}`;
  const bytes = document.createElement('pre');
  bytes.textContent = mark.note ?? bytesOf(mark);
  place.append(line, bytes);
}

function bytesOf({ hex = '', size = 0 }: Mark): string {
  const bytes = bytesOfHex(hex);
  return `${hex}${bytes.length < size ? ' …' : ''}\n${ascii(bytes)}`;
}
