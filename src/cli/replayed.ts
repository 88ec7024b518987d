import {
  asyncScheduler,
  concatMap,
  defaultIfEmpty,
  defer,
  from,
  map,
  merge,
  type Observable,
  of,
  switchMap,
  take,
  takeWhile,
  timeout,
  timer,
} from 'rxjs';
import { converse } from '../client/converse.js';
import type { Connection } from '../connection/connection.js';
import type { Framing } from '../framing/framing.js';
import { connect } from '../index.js';
import { sameBytes, show } from '../testing/bytes.js';
import { timerMs } from '../time.js';
import type { Address, Transport } from '../transport/transport.js';
import type { Recorded, Said } from './tape.js';

export interface ReplayRoad {
  readonly transport: Transport;
  readonly framing: Framing;
  /** So many times as fast; `Infinity` waits for answers only. */
  readonly speed: number;
  /** How long an answer may take. */
  readonly waitMs: number;
}

/** A message that passed, or how an answer was not the recorded one. */
export type Replayed = { readonly said: Said } | { readonly difference: string };

/**
 * Says to a server what the clients of a recording have said, on as many connections, and compares the answers. Each message is said when as much was heard as had been
 * heard before it: times alone would have it said before what it answers.
 */
export function replayed(recorded: Recorded, address: Address, road: ReplayRoad): Observable<Replayed> {
  const client = recorded.role === 'connect' ? 'us' : 'peer';
  const said = recorded.said.map(
    (each) => ({ ...each, from: each.from === client ? 'us' : 'peer' }) as const,
  );
  const dialling$ = connect(address, road);
  return defer(() => {
    const start = asyncScheduler.now();
    const at = (ms: number) => timer(timerMs(Math.max(0, ms / road.speed - (asyncScheduler.now() - start))));
    const wires = [...new Set(said.map(({ wire }) => wire))];
    const conversations = wires.map((wire) => {
      const script = said.filter((each) => each.wire === wire);
      const talk = converse((conn: Connection) => talking(conn, script, at, road.waitMs));
      return at(script[0]?.ms ?? 0).pipe(switchMap(() => dialling$.pipe(talk)));
    });
    return merge(...conversations);
  });
}

/** One conversation, to its end or to the first difference. */
function talking(
  conn: Connection,
  script: readonly Said[],
  at: (ms: number) => Observable<unknown>,
  waitMs: number,
): Observable<Replayed> {
  const say = (said: Said) =>
    at(said.ms).pipe(
      concatMap(() => conn.send(said.message)),
      map(() => ({ said })),
    );
  const hear = (said: Said) =>
    conn.messages$.pipe(
      take(1),
      timeout({ first: timerMs(waitMs), with: () => of(undefined) }),
      defaultIfEmpty(undefined),
      map((message) => compared(said, message)),
    );
  return from(script).pipe(
    concatMap((said) => (said.from === 'us' ? say(said) : hear(said))),
    takeWhile((what) => 'said' in what, true),
  );
}

function compared(said: Said, message: Uint8Array | undefined): Replayed {
  if (message && sameBytes(message, said.message)) return { said };
  const what = message ? show(message) : 'nothing';
  return { difference: `connection ${said.wire}: ${show(said.message)} was expected, and ${what} came` };
}
