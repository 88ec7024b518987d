import { catchError, defaultIfEmpty, defer, EMPTY, type Observable, of, takeLast } from 'rxjs';
import { inked } from './colors.js';
import type { Command } from './command.js';
import { commands } from './commands.js';
import { errorLine } from './error-line.js';
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.js';
import { inColumns } from './help.js';
import { type Stage, tell } from './stage.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

/** Runs a command line on a stage. Emits its exit code and completes; never errors: what goes wrong is told in one line. */
export function run(words: readonly string[], stage: Stage): Observable<ExitCode> {
  return defer(() => chosen(words, stage)).pipe(
    catchError((error) => {
      tell(stage, `${inked(stage.err, 'red', 'rx-tinyproto:')} ${errorLine(error)}`);
      return of(exitCodeOf(error));
    }),
    defaultIfEmpty(exitCodes.done),
    takeLast(1),
  );
}

function chosen([name, ...words]: readonly string[], stage: Stage): Observable<ExitCode> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    if (name === 'help' && words[0] !== undefined) return stage.out.write(commandOf(words[0]).help);
    (name === undefined ? stage.err : stage.out).write(usage()).subscribe();
    return name === undefined ? of(exitCodes.usage) : EMPTY;
  }
  if (name === '--version' || name === '-V') return stage.out.write(`${version()}\n`);
  return commandOf(name).run(words, stage);
}

function commandOf(name: string): Command {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command) return command;
  throw new UsageError(`there is no command '${name}': rx-tinyproto --help lists them`);
}

function usage(): string {
  return [
    'usage: rx-tinyproto COMMAND [options] [operands]',
    '',
    'Whole messages over TCP, TLS and Unix sockets, from the command line.',
    '',
    ...inColumns(Object.entries(commands).map(([name, { summary }]) => [name, summary])),
    '',
    '  rx-tinyproto COMMAND --help   shows the options of a command, and examples',
    '  rx-tinyproto --version        shows the version',
    '',
    'exit codes:',
    ...inColumns(
      Object.entries(meanings).map(([name, what]) => [`${exitCodes[name as keyof typeof exitCodes]}`, what]),
    ),
    '',
  ].join('\n');
}

const meanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  done: 'all went well; a server was stopped',
  failed: 'a file, a command, or something else on this side',
  usage: 'it was called in a way that cannot be meant',
  unreachable: 'it could not connect, or not listen',
  broken: 'the conversation broke: the road failed, or the other side broke the protocol',
  refused: 'the other side refused: the connection, a message, a file',
  different: 'replay: an answer was not the recorded one',
  interrupted: 'Ctrl-C',
  terminated: 'SIGTERM',
};
