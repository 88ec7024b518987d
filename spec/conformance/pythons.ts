import {
  catchError,
  defer,
  finalize,
  firstValueFrom,
  from,
  map,
  NEVER,
  type Observable,
  ReplaySubject,
  race,
  switchMap,
  take,
  timer,
} from 'rxjs';
import { fetched, peerFolder } from '../helpers/presence.js';
import { digest, type PythonPeer, type Script as PythonScript, python } from '../helpers/python.js';
import { perform, type Report } from './peer.js';
import { type RawEnd, tcpRoad } from './roads.js';
import type { Result } from './run.js';
import { isPlay, type Script } from './suite.js';
import { strict } from './tongues.js';
import type { Variant } from './variants.js';
import type { Step } from './words.js';

export type Version = '2.0.1' | '3.0';
export const versions: readonly Version[] = ['2.0.1', '3.0'];

export const original = (version: Version) => `tinyproto-${version}`;
export const isHere = (version: Version) => fetched(original(version));

/** Runs a program of the Python original beside something else, and ends it. */
export const withPython = <T>(
  version: Version,
  script: PythonScript,
  body: (peer: PythonPeer) => Observable<T>,
): Observable<T> =>
  defer(() => {
    const endings: (() => unknown)[] = [];
    const test = { onTestFinished: (end: () => unknown) => void endings.push(end) };
    const peer = python(test as never, 'original.py', script, peerFolder(original(version)));
    return body(peer).pipe(finalize(() => endings.map((end) => end())));
  });

/** A column in which the Python original stands where our side does. */
export const columnOf = (version: Version) => `Python ${version}`;

/** Why the original cannot be put to a script; nothing if it can. */
export function whyNotPython(script: Script): string | undefined {
  if (!(script.tongues ?? [strict]).includes(strict)) return 'not its wire';
  if (script.limits || script.options) return 'it has no such option';
  if (script.ours && !script.ours.python) return 'its program cannot be told to do that';
  if (script.roads && !script.roads.includes('TCP')) return 'asked over the virtual network alone';
  return undefined;
}

/** How long it may take to say what is waited for, and to end. Its own timeout is 5 s. */
const patienceMs = 1_000;

/** The messages that a peer says whole. */
const wholeIn = (steps: readonly Step[]) =>
  steps
    .flatMap((step) => (step.does === 'says' ? step.word(strict).messages : []))
    .map(({ message }) => digest(message));

/** Puts a script to the original in place of our side. What it does otherwise differs, and is no failure. */
export function runPython(variant: Variant, version: Version): Promise<Result> {
  const { asked, side } = variant;
  if (isPlay(asked)) throw new Error('a play has its own peers');
  const { do: task, messages = [] } = asked.ours?.python ?? { do: 'sink' };
  const road = { ...tcpRoad(), patienceMs };
  const started = performance.now();
  const meets = (end: RawEnd, peer: PythonPeer) =>
    race(
      perform(end, asked.peer, road, strict, (bytes) => [bytes]),
      timer(1.5 * patienceMs).pipe(
        map((): Pick<Report, 'wrong'> => ({ wrong: 'waits in vain for its end' })),
      ),
    ).pipe(
      take(1),
      switchMap((report) =>
        race(over(peer, 'ended'), over(peer, 'died'), timer(300)).pipe(
          take(1),
          map(() => judged(report, peer)),
        ),
      ),
    );
  const over = (peer: PythonPeer, event: string) => from(peer.next(event)).pipe(catchError(() => NEVER));
  const judged = (report: Pick<Report, 'wrong'>, peer: PythonPeer): Result => {
    const wrong = report.wrong === undefined ? [] : [`the peer ${report.wrong}`];
    const heard = peer.heard.map(({ size, crc }) => `${size}:${crc}`);
    const whole = wholeIn(asked.peer).map(({ size, crc }) => `${size}:${crc}`);
    if (task === 'sink' && asked.delivers === undefined && heard.join() !== whole.join())
      wrong.push(`delivers ${heard.length} messages of ${whole.length}`);
    const [died] = peer.told('died');
    const reason = died ? `died: ${died.error}` : peer.told('ended').length > 0 ? 'ended' : 'stays open';
    if (died && /^(peer|us)$/.test([asked.ends].flat()[0] ?? ''))
      wrong.push(`its thread dies of ${died.error}`);
    return { variant, wrong, reason, ms: performance.now() - started, foreign: true };
  };
  const script = { do: task, messages, timeout: 2 } as const;
  const asServer = withPython(version, { role: 'server', ...script }, (peer) =>
    from(peer.next('listening')).pipe(
      switchMap(({ port }) => road.dial({ host: '127.0.0.1', port: port as number })),
      // Left, the road would be hung up on.
      switchMap((end) => meets(end, peer)),
    ),
  );
  const asClient = defer(() => {
    const at = new ReplaySubject<number>(1);
    const ends = new ReplaySubject<RawEnd>(1);
    const accepting = road.accept((where) => at.next(where as number)).subscribe(ends);
    return at.pipe(
      take(1),
      switchMap((port) =>
        withPython(version, { role: 'client', port, linger: true, ...script }, (peer) =>
          ends.pipe(
            take(1),
            switchMap((end) => meets(end, peer)),
          ),
        ),
      ),
      finalize(() => accepting.unsubscribe()),
    );
  });
  return firstValueFrom(side === 'server' ? asServer : asClient);
}
