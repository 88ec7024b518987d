/** The pieces as one: a piece that is alone stays as it is, else they are copied once. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const full = pieces.filter(({ length }) => length > 0);
  if (full.length <= 1) return full[0] ?? new Uint8Array(0);
  const whole = new Uint8Array(full.reduce((bytes, { length }) => bytes + length, 0));
  let filled = 0;
  for (const piece of full) {
    whole.set(piece, filled);
    filled += piece.length;
  }
  return whole;
}
