import type { Connection } from '../connection/connection.js';
import { frameDoor } from '../connection/frames.js';
import { SendError } from '../errors.js';

/** Whether a message failed with the connection, or with the wire, that it was for. */
export function isCutOff(error: unknown): boolean {
  return error instanceof SendError && error.code === 'connection-closed';
}

/** Whether that is the end of the connection: not where another wire may follow, as with `reconnect`. */
export function isGone(connection: Connection<unknown, never>, error: unknown): boolean {
  return isCutOff(error) && frameDoor(connection)?.hasManyWires !== true;
}
