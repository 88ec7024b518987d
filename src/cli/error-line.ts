import { visible } from './visible.js';

/** An error in one line, fit for a terminal. Who reads it there has no `cause` to look at: where the text sends them to it, it says what that says. */
export function errorLine(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined };
  const line =
    cause instanceof Error
      ? message.replace(/[;:] see the cause\b/, () => `: ${cause.message.trim()}`)
      : message;
  return visible(line.slice(0, 1_000));
}
