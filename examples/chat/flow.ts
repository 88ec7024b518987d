import { type Connection, consume, converse, serve, text, tinyproto } from 'rx-tinyproto';
import {
  catchError,
  concat,
  connect,
  distinctUntilChanged,
  EMPTY,
  endWith,
  finalize,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  scan,
  startWith,
  switchMap,
  takeUntil,
  takeWhile,
  tap,
} from 'rxjs';
import { asLongAs } from '../as-long-as.js';
import { FAREWELL, hear, LOBBY, type Person, stranger } from './person.js';
import { type ChatOptions, chatRooms } from './rooms.js';

/*
 * A chat, on the words of the Python original's example: either side here can be replaced by Python's. Whoever has not said a name goes by an id.
 *
 * Python peers talk whenever they like, and a Python peer that talks while it is talked to is lost: those need `pythonOptions`, which wait for
 * silence. Among our own both sides may talk at once.
 */

const maxMessageBytes = 65_536;

/** For `listen` and `connect`. */
export const chatOptions = { codec: text(), framing: tinyproto({ maxMessageBytes }) };

/** The same, where the other side is the Python original. */
export const pythonOptions = { codec: text(), framing: tinyproto({ maxMessageBytes, duplex: 'half' }) };

/**
 * Tells everybody in a room what somebody in it says. Emits all that is told.
 *
 *     anna   ---"hi"-------"quit"
 *     ben    ---"[anna] hi"-"[anna] **left the chat"
 *
 * Whoever comes says `/join lobby` first, and whoever goes says `quit` last, if not by themselves: so all that becomes of a person becomes of what they say.
 */
export function chatServer(options: ChatOptions = {}): OperatorFunction<Connection<string>, string> {
  const rooms = chatRooms(options);
  const people = new Map<Connection<string>, Person>();

  return serve((conn, { stopping$ }) =>
    conn.messages$.pipe(
      takeUntil(stopping$),
      catchError(() => EMPTY), // who is cut off has left, too
      startWith(`/join ${LOBBY}`),
      endWith(FAREWELL),
      takeWhile((line) => line !== FAREWELL, true),
      scan((person, line) => hear(person, line, people.values()), stranger(conn.id)),
      tap((person) => people.set(conn, person)),
      connect((turns$) => {
        const room$ = turns$.pipe(
          map(({ room }) => room),
          distinctUntilChanged(),
        );
        return merge(
          room$.pipe(switchMap((room) => (room ? rooms.enter(room, conn) : EMPTY))),
          // Not strict: of the first and the last turn there is nothing to hold.
          turns$.pipe(consume(({ tells }) => rooms.tell(tells, conn), { strict: false })),
        );
      }),
      finalize(() => people.delete(conn)),
    ),
  );
}

/**
 * Says each line, and emits what others say. Completes when all is said, after `quit`, and when the server hangs up. Lines that can be held (see
 * `paced`) wait where they come from until the server has taken the one before.
 */
export function chatClient(
  lines$: Observable<string>,
  name?: string,
): OperatorFunction<Connection<string>, string> {
  return converse((conn) => {
    const said$ = concat(
      name === undefined ? EMPTY : conn.send(`/name ${name}`),
      lines$.pipe(
        takeWhile((line) => line !== FAREWELL),
        consume((line) => conn.send(line)),
      ),
    );
    return conn.messages$.pipe(asLongAs(said$));
  });
}
