import { asyncScheduler, concatMap, defer, delay, from, type Observable, of } from 'rxjs';
import { timerMs } from '../time.js';
import { inked } from './colors.js';
import { command } from './command.js';
import { interruptible } from './endings.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import { formatOf, shownOn } from './format.js';
import { framingOf } from './framing-option.js';
import { numberOf } from './options.js';
import { replayed } from './replayed.js';
import { type Stage, tell } from './stage.js';
import { addressOf } from './talk.js';
import { formatOptions } from './talk-options.js';
import type { Recorded, Said } from './tape.js';
import { recordedIn } from './tape-file.js';
import { UsageError } from './usage-error.js';

export const replayCommand = command({
  name: 'replay',
  operands: 'FILE [ADDRESS]',
  summary: 'plays a recording: on the screen, or, with an address, against a server',
  options: {
    ...formatOptions,
    framing: { type: 'string', short: 'f', value: 'NAME', help: 'another framing than the recorded one' },
    speed: {
      type: 'string',
      value: 'FACTOR',
      help: 'so many times as fast (default 1), or forever: without a wait',
    },
    wait: { type: 'string', value: 'SECONDS', help: 'how long an answer may take (default 5)' },
    unix: { type: 'boolean', short: 'U', help: 'the address is the path of a Unix socket' },
  },
  more: `Against a server it says what the client of the recording has said, each message when as much was heard
as had been heard before it, and compares the answers: the exit code is 6 where they differ.`,
  examples: [
    ['rx-tinyproto connect :9123 --record talk.txt', 'makes a recording'],
    ['rx-tinyproto replay talk.txt', 'plays it on the screen, as slowly as it was'],
    ['rx-tinyproto replay talk.txt :9123 --speed forever', 'asks a server the same again, and compares'],
  ],
  run(values, operands, stage) {
    const [file, word, ...rest] = operands;
    if (file === undefined || rest.length > 0)
      throw new UsageError('replay needs one file, and one address at most');
    const recorded = recordedIn(file);
    const speed = numberOf('speed', values.speed, 0.001) ?? 1;
    const waitMs = (numberOf('wait', values.wait, 0) ?? 5) * 1_000;
    const { line } = formatOf(values);
    const show = (said: Said) => shown(said, line, stage);
    if (word === undefined) return played(recorded, speed, show).pipe(interruptible(stage));
    const framing = framingOf(values.framing ?? recorded.framing);
    const address = addressOf(word, values);
    return replayed(recorded, address, { transport: stage.transport, framing, speed, waitMs }).pipe(
      concatMap((what): Observable<ExitCode> => {
        if ('said' in what) return show(what.said);
        tell(stage, inked(stage.err, 'red', what.difference));
        return of(exitCodes.different);
      }),
      interruptible(stage),
    );
  },
});

type Line = ReturnType<typeof formatOf>['line'];

/** What was said, when it was said. */
function played(
  { said }: Recorded,
  speed: number,
  show: (said: Said) => Observable<never>,
): Observable<never> {
  return defer(() => {
    const start = asyncScheduler.now();
    return from(said).pipe(
      concatMap((each) =>
        defer(() =>
          of(each).pipe(delay(timerMs(Math.max(0, each.ms / speed - (asyncScheduler.now() - start))))),
        ),
      ),
      concatMap(show),
    );
  });
}

function shown(said: Said, line: Line, { out }: Stage): Observable<never> {
  const arrow = said.from === 'us' ? inked(out, 'green', '←') : inked(out, 'cyan', '→');
  return defer(() => out.write(`${said.wire} ${arrow} ${shownOn(line(said.message))}\n`));
}
