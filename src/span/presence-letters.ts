/** A member, as its own process tells of it. */
export interface Listed {
  readonly id: string;
  readonly name?: string;
}

/**
 * What processes tell each other about who is there, as JSON:
 *
 *     ask      tell us who is with you: all, or the room `of`
 *     roll     all who are with us at a `revision`, in pages
 *     change   who has come and gone, which makes it `revision`
 *     beat     we are here, at a `revision`
 *     bye      we leave
 *
 * `sent` is how many messages the process has sent to the room so far.
 */
export type PresenceLetter =
  | { readonly kind: 'ask'; readonly of?: string }
  | {
      readonly kind: 'roll';
      readonly revision: number;
      readonly sent: number;
      readonly page: number;
      readonly pages: number;
      readonly members: readonly Listed[];
    }
  | {
      readonly kind: 'change';
      readonly revision: number;
      readonly joined: readonly Listed[];
      readonly left: readonly string[];
    }
  | { readonly kind: 'beat'; readonly revision: number; readonly sent: number }
  | { readonly kind: 'bye' };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodePresence(letter: PresenceLetter): Uint8Array {
  return encoder.encode(JSON.stringify(letter));
}

/** What another version says that we do not know, or somebody else on our subject, is nothing to us. */
export function decodePresence(bytes: Uint8Array): PresenceLetter | undefined {
  try {
    const letter: PresenceLetter = JSON.parse(decoder.decode(bytes));
    return isSound(letter) ? letter : undefined;
  } catch {
    return undefined;
  }
}

function isSound(letter: PresenceLetter): boolean {
  const { kind } = letter;
  if (kind === 'ask' || kind === 'bye') return true;
  if (!Number.isSafeInteger(letter.revision)) return false;
  if (kind === 'change') return letter.joined.every(isListed) && letter.left.every(isText);
  if (!Number.isSafeInteger(letter.sent)) return false;
  return kind === 'beat' || (kind === 'roll' && letter.members.every(isListed));
}

function isListed({ id, name }: Listed): boolean {
  return isText(id) && (name === undefined || isText(name));
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Members of one letter, at most. */
const pageSize = 500;

/** Pages of so many bytes as JSON at most; at least one, that of nobody. */
export function pagesOf<V>(all: readonly V[], maxBytes: number): V[][] {
  let page: V[] = [];
  let bytes = 0;
  const pages = [page];
  for (const one of all) {
    const size = encoder.encode(JSON.stringify(one)).length + 1;
    if (page.length === pageSize || (page.length > 0 && bytes + size > maxBytes)) {
      page = [];
      bytes = 0;
      pages.push(page);
    }
    page.push(one);
    bytes += size;
  }
  return pages;
}
