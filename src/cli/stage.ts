import type { Observable } from 'rxjs';
import type { Transport } from '../transport/transport.js';
import type { ExitCode } from './exit-codes.js';

/** What a command has of the world, so that a spec can give it another one: a virtual network, and streams in memory. */
export interface Stage {
  readonly transport: Transport;
  readonly input: Input;
  /** For what was asked for: messages, names of files. */
  readonly out: Output;
  /** For what is said about it. */
  readonly err: Output;
  /** Emits once, with what the exit code is to be, when the command is to stop: Ctrl-C, `kill`, or nobody reads our output any more. */
  readonly interrupt$: Observable<ExitCode>;
}

export interface Input {
  /** Held back while a chunk is held (see `paced`). Unsubscribing closes it. */
  readonly bytes$: Observable<Uint8Array>;
  readonly isTerminal: boolean;
}

export interface Output {
  /** Writes when subscribed; completes when there is room for more. Never errors: an output that is gone takes everything. */
  write(text: string | Uint8Array): Observable<never>;
  readonly isTerminal: boolean;
  /** Whether colours are wanted: on a terminal, unless `NO_COLOR` is set; `FORCE_COLOR` wants them everywhere. */
  readonly hasColors: boolean;
  /** How many characters fit in a line; 80 where nobody knows. */
  readonly columns: number;
}

/** Says a line on the side. Nobody waits for it. */
export function tell(stage: Pick<Stage, 'err'>, line: string): void {
  stage.err.write(`${line}\n`).subscribe();
}
