import type { Bus } from './bus.js';

/** Who writes the letters of a room. One that is made later under the same name counts anew, so it is another writer, though its process is the same. */
export function writerOn({ id }: Bus): string {
  return `${id}/${crypto.randomUUID().slice(0, 8)}`;
}

/** The id of the bus that a writer is on. */
export function processOf(writer: string): string {
  const end = writer.lastIndexOf('/');
  return end < 0 ? writer : writer.slice(0, end);
}
