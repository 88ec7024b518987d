import { Refusal } from './file-error.js';

/** What our own unfinished files are called; nobody may ask for one. */
export const partialName = /^\.rx-tinyproto-.*\.part$/i;

/**
 * The names in a path that the other side has asked for, each of which is to be looked up by itself. Throws a {@link Refusal} for whatever could mean another
 * place than one below the root, on any system: absolute and drive paths, `..` and `.`, backslashes, empty names, control characters.
 *
 *     'photos/2026/a.jpg'    ['photos', '2026', 'a.jpg']
 */
export function namesIn(path: string): readonly string[] {
  if (path.length > 4_096) throw new Refusal('the path is too long');
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) throw new Refusal('the path is to be relative');
  const names = path.split('/');
  for (const name of names) demandName(name);
  return names;
}

/** @throws Refusal for what is no plain name of a file or folder. */
export function demandName(name: string): void {
  if (name === '' || name === '.' || name === '..')
    throw new Refusal("the path has an empty name, '.' or '..' in it");
  if (dangerous.test(name)) throw new Refusal('a name in the path has characters that it may not have');
  if (new TextEncoder().encode(name).length > 255) throw new Refusal('a name in the path is too long');
  if (partialName.test(name)) throw new Refusal('the name is that of an unfinished file');
  if (process.platform === 'win32' && windowsOnly.test(name))
    throw new Refusal('the name means something else here');
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const dangerous = /[\u0000-\u001f\u007f-\u009f\\/]|\p{Surrogate}/u;

/** Devices, streams of files, and what Windows drops from the end of a name. */
const windowsOnly = /^(con|prn|aux|nul|com\d|lpt\d|conin\$|conout\$)(\.|$)|[:*?"<>|]|[. ]$/i;
