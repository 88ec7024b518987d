import { catchError, defer, EMPTY, identity, mergeMap, type Observable, of } from 'rxjs';
import { joined } from '../bytes/joined.js';
import type { Connection } from '../connection/connection.js';
import { consume } from '../flow/consume.js';
import { decode } from '../framing/decode.js';
import type { Framing } from '../framing/framing.js';
import { lines } from '../framing/lines.js';
import { formatAddress } from '../transport/address.js';
import type { Address, Transport } from '../transport/transport.js';
import { inked } from './colors.js';
import { errorLine } from './error-line.js';
import { type Format, formatOf, shownOn } from './format.js';
import { framingOf } from './framing-option.js';
import { numberOf, type Values } from './options.js';
import { type Stage, tell } from './stage.js';
import type { talkOptions } from './talk-options.js';
import { type Tape, tape } from './tape.js';
import { kept } from './tape-file.js';
import { tapped } from './tapped.js';
import { visible } from './visible.js';

/** What `listen` and `connect` do alike: how messages are read, shown, recorded. */
export interface Talk {
  readonly stage: Stage;
  readonly framing: Framing;
  readonly transport: Transport;
  readonly format: Format;
  /** The messages that are typed or piped in, held back while one is held. */
  readonly said$: Observable<Uint8Array>;
  /** Shows a message; completes when there is room for the next. On a terminal, `who` stands before it. */
  show(message: Uint8Array, who?: string): Observable<never>;
  /** Says what is going on, unless nobody wants to hear it. */
  note(line: string): void;
  /** Says what went wrong with one connection, in one line. */
  failed(error: unknown): void;
  /** The connection to use in place of this one: recorded, if that is wanted. */
  taped(connection: Connection, name?: string): Connection;
  /** Keeps the recording when the work ends, however it ends. */
  keeping<T>(work$: Observable<T>): Observable<T>;
}

/** No line that is typed or piped in is longer. */
const maxLineBytes = 64 * 1_024 * 1_024;

export function talkOf(values: Values<typeof talkOptions>, role: Tape['role'], stage: Stage): Talk {
  const maxMessageBytes = numberOf('max-message', values['max-message'], 1);
  const framing = framingOf(values.framing, maxMessageBytes);
  const format = formatOf(values);
  const recorded = values.record === undefined ? undefined : tape(role, values.framing ?? 'tinyproto');
  return {
    stage,
    framing,
    transport: values.wiretap ? tapped(stage) : stage.transport,
    format,
    said$: saidOn(stage, format),
    show: (message, who) => shown(stage, format, message, who),
    note: values.quiet ? () => {} : (line) => tell(stage, inked(stage.err, 'dim', line)),
    failed: (error) => tell(stage, inked(stage.err, 'yellow', errorLine(error))),
    taped: (connection, name = formatAddress(connection.remote)) =>
      recorded?.connection(connection, name) ?? connection,
    keeping: recorded && values.record !== undefined ? kept(recorded, values.record, stage) : identity,
  };
}

/** A word of the command line as an address: a path if it is to be one, or has a slash in it. */
export const addressOf = (word: string, { unix }: { readonly unix?: boolean }): Address =>
  unix || word.includes('/') ? { path: word } : word;

function saidOn({ input, err }: Stage, format: Format): Observable<Uint8Array> {
  return input.bytes$.pipe(
    decode(lines({ unterminated: 'deliver', maxLineBytes })),
    consume((line, index) => {
      const message$ = defer(() => of(format.parse(line)));
      // Who types may try again; a script had better hear of it.
      const complain = (error: Error) => {
        if (!input.isTerminal) throw new Error(`standard input, line ${index + 1}: ${error.message}`);
        tell({ err }, inked(err, 'yellow', error.message));
        return EMPTY;
      };
      return message$.pipe(catchError(complain));
    }),
  );
}

const newline = Uint8Array.of(10);

function shown(
  stage: Stage,
  format: Format,
  message: Uint8Array,
  who: string | undefined,
): Observable<never> {
  const { out } = stage;
  return defer(() => of(format.line(message))).pipe(
    catchError((error: Error) => {
      tell(stage, inked(stage.err, 'yellow', `${who ? `${visible(who)}: ` : ''}${error.message}`));
      return EMPTY;
    }),
    mergeMap((line) => {
      if (out.isTerminal) return out.write(`${who ? `${inked(out, 'cyan', who)} ` : ''}${shownOn(line)}\n`);
      return out.write(typeof line === 'string' ? `${line}\n` : joined([line, newline]));
    }),
  );
}
