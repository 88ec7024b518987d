/** Where a connection is told that somebody takes charge of it. */
export const claimed = Symbol('claimed');

/** Takes charge of a connection: it will be read or closed, so it must not be destroyed for being forgotten. */
export function claim(connection: object): void {
  (connection as { [claimed]?: () => void })[claimed]?.();
}

/** Where a connection is told what its handler has failed with. */
export const blamed = Symbol('blamed');

/** Why a connection is about to be destroyed: `closed$` tells it. What it has failed with itself, it knows. */
export function blame(connection: object, error: unknown): void {
  (connection as { [blamed]?: (error: unknown) => void })[blamed]?.(error);
}
