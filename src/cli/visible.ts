/**
 * A text of somebody else's, fit for a terminal: control characters, and those that turn the direction of writing, are written as JSON would write them.
 *
 *     ESC [ 2 J hi BEL        \u001b[2Jhi\u0007
 *
 * They could clear the screen, retitle the window, or make a line look like another one.
 */
export function visible(text: string): string {
  return text.replace(dangerous, (character) => short[character] ?? code(character));
}

/** C0 and C1, DEL, line and paragraph separators, the marks and overrides of direction, and halves of pairs. */
const dangerous =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const code = (character: string) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
