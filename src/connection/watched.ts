import type { Outcome } from '../flow/outcome.js';
import type { Connection } from './connection.js';

/** What a test sees of every connection. */
export interface ConnectionWatcher {
  /** A connection is up. */
  opened(connection: Connection<unknown, never>, unreadBytes: () => number): void;
  /** A `send` was made, not yet subscribed; gives back what the caller gets in its place. */
  made(connection: Connection<unknown, never>, message: unknown, send: Outcome): Outcome;
}

let watcher: ConnectionWatcher | undefined;

/** Watches all connections from now on; returns what ends it. For test runners. */
export function watchConnections(next: ConnectionWatcher): () => void {
  const before = watcher;
  watcher = next;
  return () => {
    watcher = before;
  };
}

export function watched(): ConnectionWatcher | undefined {
  return watcher;
}
