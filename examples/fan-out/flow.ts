import { broadcast, type Connection, consume, converse, serve, text } from 'rx-tinyproto';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  finalize,
  ignoreElements,
  map,
  merge,
  type Observable,
  type OperatorFunction,
  takeUntil,
  tap,
} from 'rxjs';
import { asLongAs } from '../as-long-as.js';

/** For `listen` and `connect`, on all sides. */
export const newsOptions = { codec: text() };

/** News are lines whose first word is their topic: `sport.tennis 6:4`. A wish is a topic, or the beginning of topics: `sport.*`, `*`. */
const isWanted = (news: string, wish: string): boolean => {
  const [topic = ''] = news.split(' ', 1);
  return wish.endsWith('*') ? topic.startsWith(wish.slice(0, -1)) : topic === wish;
};

/**
 * Passes news on to those readers who want them. A reader says a wish, and another to change it; who has said none is sent nothing.
 *
 *     news       --a1--b1--a2--c1--|
 *     reader 1   "a*"              '        --a1------a2-----|
 *     reader 2       "*"           '        ------b1--a2--c1-|
 *
 * Each piece is encoded once. A reader who is slow misses the oldest of what waits for it, and delays nobody. When there are no more news the
 * readers' connections end in order. Emits who wants what.
 */
export function fanOut(news$: Observable<string>): OperatorFunction<Connection<string>, string> {
  return (readers$) => {
    const wishes = new Map<Connection<string>, string>();
    const readers = broadcast<string>({ onSlow: 'drop-oldest', maxPendingMessages: 100 });

    const wanting = (news: string) =>
      new Set([...wishes].flatMap(([reader, wish]) => (isWanted(news, wish) ? reader : [])));
    const passedOn$ = news$.pipe(consume((news) => readers.send(news, { to: wanting(news) })));

    return readers$.pipe(
      asLongAs(passedOn$),
      serve((reader, { stopping$ }) =>
        merge(
          readers.join(reader),
          reader.messages$.pipe(
            tap((wish) => wishes.set(reader, wish)),
            map((wish) => `${formatAddress(reader.remote)} wants ${wish}`),
          ),
        ).pipe(
          takeUntil(stopping$),
          finalize(() => wishes.delete(reader)),
        ),
      ),
    );
  };
}

/** Tells all news to everybody, at the pace of each: where news come from. */
export function agency(news$: Observable<string>): OperatorFunction<Connection<string>, never> {
  return serve((subscriber, { stopping$ }) =>
    merge(subscriber.messages$, subscriber.sendAll(news$)).pipe(ignoreElements(), takeUntil(stopping$)),
  );
}

/** Says a wish, and emits the news. */
export function reader(wish: string): OperatorFunction<Connection<string>, string> {
  return converse((conn) => merge(conn.messages$, conn.send(wish).pipe(ignoreElements())));
}
