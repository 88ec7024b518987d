/** Where a connection is told that somebody takes charge of it. */
export const claimed = Symbol('claimed');

/** Takes charge of a connection: it will be read or closed, so it must not be destroyed for being forgotten. */
export function claim(connection: object): void {
  (connection as { [claimed]?: () => void })[claimed]?.();
}
