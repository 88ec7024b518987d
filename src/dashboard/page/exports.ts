/** So many connections make a picture or a spec that can be read. */
export const rowsShown = 12;

/** Hands a text to the visitor as a file. */
export function save(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
