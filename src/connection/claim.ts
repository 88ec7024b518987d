const claims = new WeakMap<object, () => void>();

/** Has a connection told when somebody takes charge of it. */
export function onClaim(connection: object, claimed: () => void): void {
  claims.set(connection, claimed);
}

/** Takes charge of a connection: it will be read or closed, so it must not be destroyed for being forgotten. */
export function claim(connection: object): void {
  claims.get(connection)?.();
}
