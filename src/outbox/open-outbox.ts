import { CollectingWriter } from './collecting-writer.js';
import { PlainOut } from './plain-out.js';
import { RunOutbox } from './run-outbox.js';
import type { OpenOut, WayOut } from './way-out.js';

/** What is small and written in one turn goes out together: but for wires that keep chunks. Whoever binds a transport without it has it not in the bundle. */
export const together: OpenOut = (owner): WayOut =>
  owner.wire.keepsChunks ? new PlainOut(owner) : new RunOutbox(owner, CollectingWriter);
