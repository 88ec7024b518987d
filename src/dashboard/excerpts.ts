import { hexOf } from '../testing/bytes.js';
import { explain } from '../testing/labels.js';
import type { Mark } from './batch.js';

/** So many bytes of each message are shown in any case, and so many where there is room. */
const leastBytes = 64;
const mostBytes = 1_024;
/** So many bytes of all messages together are shown before each gets the least. */
const roomBytes = 16 * 1_024;

/** Messages as pages see them: whole, if they are short and few. What a codec has made of them is shown as text. */
export function excerpts() {
  let room = roomBytes;
  return {
    of(value: unknown): Pick<Mark, 'size' | 'hex'> {
      const bytes = value instanceof Uint8Array ? value : new TextEncoder().encode(textOf(value));
      const shown = bytes.subarray(0, Math.max(leastBytes, Math.min(mostBytes, room)));
      room -= shown.length;
      return { size: bytes.length, hex: hexOf(shown).replaceAll(' ', '') };
    },
    /** For the next batch. */
    renew(): void {
      room = roomBytes;
    },
  };
}

/** Whatever it is, whoever has made it: to look at a message must not be what breaks its server. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  try {
    return explain(value);
  } catch {
    return `(${typeof value})`;
  }
}
