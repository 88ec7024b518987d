import type { Command } from './command.js';
import { connectCommand } from './connect-command.js';
import { cpCommand } from './cp-command.js';
import { listenCommand } from './listen-command.js';
import { replayCommand } from './replay-command.js';
import { serveFilesCommand } from './serve-files-command.js';

/** The subcommands, in the order of the help. */
export const commands: Readonly<Record<string, Command>> = {
  listen: listenCommand,
  connect: connectCommand,
  replay: replayCommand,
  cp: cpCommand,
  'serve-files': serveFilesCommand,
};
