/** The command was called in a way that cannot be meant: one line says why. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
