import { type Connection, connect, consume, converse, lines, listen, serve, tcp, text } from 'rx-tinyproto';
import { marbles, record } from 'rx-tinyproto/testing';
import {
  concatMap,
  firstValueFrom,
  from,
  ignoreElements,
  lastValueFrom,
  merge,
  type Observable,
  Subject,
  take,
  toArray,
} from 'rxjs';
import { describe, expect, it } from 'vitest';

const options = { framing: lines(), codec: text() };
const server = (connections$: Observable<Connection<string>>) =>
  connections$.pipe(
    serve((conn) => conn.messages$.pipe(consume((line) => conn.send([...line].reverse().join(''))))),
  );

/** Talks to a live server over TCP, and gives back what was recorded of it. */
async function recordLive(): Promise<ReturnType<typeof record>> {
  const tape = record();
  const ports = new Subject<number>();
  const port = firstValueFrom(ports);
  const serving = server(
    listen(0, {
      ...options,
      transport: tape.transport(tcp()),
      openObserver: { next: ([at]) => ports.next(at && 'port' in at ? at.port : 0) },
    }),
  ).subscribe();
  const words = ['drawer', 'stressed', 'a third'];
  const talk$ = connect(await port, options).pipe(
    converse((conn) =>
      merge(
        conn.messages$.pipe(take(words.length)),
        from(words).pipe(
          concatMap((word) => conn.send(word)),
          ignoreElements(),
        ),
      ),
    ),
    toArray(),
  );
  expect(await lastValueFrom(talk$)).toEqual(['reward', 'desserts', 'driht a']);
  serving.unsubscribe();
  return tape;
}

/** Runs the text of a spec, with its imports given. */
function runSpec(spec: string, changed = server): void {
  const body = spec.replace(/^import .*$/gm, '');
  const test = (_: string, run: () => void) => run();
  new Function('marbles', 'test', 'server', 'options', body)(marbles, test, changed, options);
}

describe('a recorded live server', () => {
  it('becomes a spec that passes, and fails when the server changes', async () => {
    const tape = await recordLive();
    const spec = tape.spec({ imports: '', server: "server(listen('server:1', options))" });
    expect(spec).toContain('drawer');
    runSpec(spec);
    const changed = (connections$: Observable<Connection<string>>) =>
      connections$.pipe(serve((conn) => conn.messages$.pipe(consume((line) => conn.send(line)))));
    expect(() => runSpec(spec, changed)).toThrow('peer gets differs');
  });
});
