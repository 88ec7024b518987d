import { broadcast, type Connection, type Room } from 'rx-tinyproto';
import { defer, EMPTY, finalize, map, merge, type Observable } from 'rxjs';
import { LOBBY, type Tell } from './person.js';

export interface ChatOptions {
  /** How much of what was said a newcomer is told. @default 20 */
  readonly history?: number;
  /** Bytes that may wait for a member who does not read; above, the member is cut off. @default 256 KiB */
  readonly maxPendingBytes?: number;
}

export interface ChatRooms {
  /** Makes a connection a member of a room for as long as it is subscribed. */
  enter(name: string, conn: Connection<string>): Observable<never>;
  /** Tells what is to be told because of what a connection said, and emits it. */
  tell(tells: readonly Tell[], conn: Connection<string>): Observable<string>;
}

/** Rooms that are there while somebody is in them, the lobby always. What was said in a room goes with it: so there is never more than people keep alive. */
export function chatRooms({ history = 20, maxPendingBytes = 256 * 1_024 }: ChatOptions): ChatRooms {
  const open = new Map<string, { readonly room: Room<string>; present: number }>();

  const opened = () => ({
    room: broadcast<string>({ replay: history, maxPendingBytes, onSlow: 'disconnect' }),
    present: 0,
  });

  return {
    enter: (name, conn) =>
      defer(() => {
        const entered = open.get(name) ?? opened();
        open.set(name, entered);
        entered.present++;
        return entered.room.join(conn).pipe(
          finalize(() => {
            entered.present--;
            if (entered.present === 0 && name !== LOBBY) open.delete(name);
          }),
        );
      }),

    tell: (tells, conn) =>
      merge(
        ...tells.map(({ room, to, words }) => {
          const audience = to === 'self' ? { to: conn } : { except: conn };
          const sent$ = open.get(room)?.room.send(words, audience) ?? EMPTY;
          return sent$.pipe(map(() => `#${room} ${words}`));
        }),
      ),
  };
}
