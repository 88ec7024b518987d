import { defer, type Observable } from 'rxjs';
import type { ExitCode } from './exit-codes.js';
import { type Described, helpOf } from './help.js';
import { type OptionTable, readOptions, type Values } from './options.js';
import type { Stage } from './stage.js';
import { UsageError } from './usage-error.js';

/** A subcommand, as the table of them has it. */
export interface Command {
  /** One line for the list of commands. */
  readonly summary: string;
  /** All that `--help` says. */
  readonly help: string;
  /** Does its work when subscribed. Emits an exit code if it is not to be 0; errors are told, and become one. */
  run(words: readonly string[], stage: Stage): Observable<ExitCode>;
}

/** A subcommand, as it is written. */
export interface CommandPlan<T extends OptionTable> extends Described {
  readonly options: T;
  /** Throws a `UsageError` for what cannot be meant, before anything has happened. */
  run(values: Values<T>, operands: readonly string[], stage: Stage): Observable<ExitCode>;
}

export function command<T extends OptionTable>(plan: CommandPlan<T>): Command {
  const help = helpOf(plan);
  return {
    summary: plan.summary,
    help,
    run: (words, stage) =>
      defer(() => {
        const { values, operands } = readOptions(words, plan.options);
        return values.help ? stage.out.write(help) : meant(() => plan.run(values, operands, stage));
      }),
  };
}

/** What the library throws at a call is a mistake of whoever called us. */
function meant<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError)
      throw new UsageError(error.message, { cause: error.cause });
    throw error;
  }
}
