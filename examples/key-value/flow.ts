import { type Connection, consume, serve } from 'rx-tinyproto';
import { ignoreElements, type OperatorFunction, takeUntil } from 'rxjs';
import { failure, ok, type Resp, respCodec } from './resp-codec.js';
import { respFraming } from './resp-framing.js';
import { Store } from './store.js';

/** For `listen` and `connect`. */
export const respOptions = { framing: respFraming(), codec: respCodec() };

/** Answers the commands of a small Redis: each client's in order, all clients' on one store. */
export function keyValueServer(store = new Store()): OperatorFunction<Connection<Resp>, never> {
  return (clients$) =>
    clients$.pipe(
      serve((client, { stopping$ }) =>
        client.messages$.pipe(
          takeUntil(stopping$),
          consume((command) => client.send(answer(store, command))),
        ),
      ),
      ignoreElements(),
    );
}

/** What a store says to a command, which is an array of texts. */
export function answer(store: Store, command: Resp): Resp {
  if (!isWords(command)) return failure('a command is an array of texts');
  const [name = '', ...words] = command;
  const known = Object.hasOwn(commands, name.toUpperCase()) && commands[name.toUpperCase()];
  if (!known) return failure(`there is no command ${name.slice(0, 32)}`);
  const [least, most, run] = known;
  if (words.length < least || words.length > most) return failure(`not so many words for ${name}`);
  return run(store, ...words);
}

type Run = (store: Store, ...words: string[]) => Resp;

/** From how many words to how many, and what is done. */
const commands: Readonly<Record<string, readonly [least: number, most: number, run: Run]>> = {
  PING: [0, 1, (_, word) => word ?? { status: 'PONG' }],
  ECHO: [1, 1, (_, word = '') => word],
  GET: [1, 1, (store, key = '') => store.get(key) ?? null],
  SET: [2, 4, set],
  DEL: [1, 100, (store, ...keys) => keys.filter((key) => store.delete(key)).length],
  EXISTS: [1, 100, (store, ...keys) => keys.filter((key) => store.get(key) !== undefined).length],
  INCR: [1, 1, increment],
  PTTL: [1, 1, (store, key = '') => left(store.leftMs(key))],
};

/** `SET key text [EX seconds | PX milliseconds]` */
function set(store: Store, key = '', text = '', unit?: string, count = ''): Resp {
  const unitMs = unit === undefined ? Infinity : { EX: 1_000, PX: 1 }[unit.toUpperCase()];
  if (unitMs === undefined || (unit !== undefined && !/^[1-9]\d{0,11}$/.test(count)))
    return failure('SET takes EX and seconds, or PX and milliseconds');
  return store.set(key, text, unit === undefined ? Infinity : unitMs * Number(count)) ? ok : full;
}

function increment(store: Store, key = ''): Resp {
  const text = store.get(key) ?? '0';
  if (!/^-?\d{1,15}$/.test(text)) return failure('that is no number');
  const next = Number(text) + 1;
  return store.set(key, `${next}`, store.leftMs(key)) ? next : full;
}

const full = failure('there is no room for another key');

/** In the manner of Redis: -2 where nothing is, -1 where it stays. */
const left = (ms: number | undefined) => (ms === undefined ? -2 : ms === Infinity ? -1 : ms);

const isWords = (command: Resp): command is readonly string[] =>
  Array.isArray(command) && command.every((word) => typeof word === 'string');
