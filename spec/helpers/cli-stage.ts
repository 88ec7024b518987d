import type { MarbleHelpers } from 'rx-tinyproto/testing';
import { EMPTY, map, NEVER, type Observable, Subject } from 'rxjs';
import type { ExitCode } from '../../src/cli/exit-codes.js';
import { run } from '../../src/cli/run.js';
import type { Stage } from '../../src/cli/stage.js';
import { paced } from '../../src/flow/paced.js';

/** What a command is given, besides its words. */
export interface Setting {
  /** What is typed or piped in, in letters that `lines` explains. Nothing, and no end, where there is none. */
  readonly input?: string;
  readonly lines?: Readonly<Record<string, string>>;
  readonly interrupt$?: Observable<ExitCode>;
  /** Whether all of its streams are a terminal. */
  readonly isTerminal?: boolean;
  readonly hasColors?: boolean;
}

/** A command that runs on the virtual network of a marble test. */
export interface Running {
  readonly code$: Observable<ExitCode>;
  /** What it prints, a line each, without the line break. */
  readonly out$: Observable<string>;
  readonly err$: Observable<string>;
}

/** Runs a command line when `code$` is subscribed to. */
export function command(
  { net, cold }: MarbleHelpers,
  line: string,
  { input, lines = {}, interrupt$ = NEVER, isTerminal = false, hasColors = false }: Setting = {},
): Running {
  const out = new Subject<string>();
  const err = new Subject<string>();
  const utf8 = new TextEncoder();
  const output = (into: Subject<string>): Stage['out'] => ({
    write(text) {
      into.next((typeof text === 'string' ? text : new TextDecoder().decode(text)).replace(/\n$/, ''));
      return EMPTY;
    },
    isTerminal,
    hasColors,
    columns: 80,
  });
  const typed$ =
    input === undefined ? NEVER : cold(input, lines).pipe(map((each) => utf8.encode(`${each}\n`)));
  const stage: Stage = {
    transport: net,
    input: { bytes$: typed$.pipe(paced()), isTerminal },
    out: output(out),
    err: output(err),
    interrupt$,
  };
  return { code$: run(line.split(' '), stage), out$: out, err$: err };
}
