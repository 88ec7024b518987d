import 'reflect-metadata';
import { Controller, Inject, Injectable } from '@nestjs/common';
import {
  type ClientProxy,
  ClientsModule,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
} from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { connect, consume, json, paced, WireError } from 'rx-tinyproto';
import { virtualNetwork } from 'rx-tinyproto/testing';
import {
  catchError,
  concat,
  finalize,
  firstValueFrom,
  ignoreElements,
  lastValueFrom,
  map,
  merge,
  mergeMap,
  NEVER,
  type Observable,
  of,
  range,
  Subject,
  take,
  tap,
  throwError,
  timer,
  toArray,
} from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { TinyprotoClient } from '../../examples/nestjs/client.js';
import { type TinyprotoContext, TinyprotoServer } from '../../examples/nestjs/server.js';

/** What handlers have to tell the test. */
const seen = {
  ended: new Subject<string>(),
  drawn: 0,
  events: new Subject<unknown>(),
  release: new Subject<void>(),
};

@Controller()
class Handlers {
  @MessagePattern('double')
  double(number: number): number {
    return number * 2;
  }

  @MessagePattern({ cmd: 'later' })
  async later(@Payload() words: string): Promise<string> {
    return words;
  }

  @MessagePattern('nothing')
  nothing(): void {}

  @MessagePattern('fail')
  fail(how: string): Observable<number> {
    if (how === 'refused') throw new RpcException('no');
    if (how === 'detailed') throw new RpcException({ status: 'error', code: 7 });
    if (how === 'bug') throw new Error('a secret');
    if (how === 'unwritable') return of(1n as unknown as number);
    return concat(
      of(1, 2),
      throwError(() => new RpcException('half way')),
    );
  }

  @MessagePattern('endless')
  endless(): Observable<number> {
    return concat(of(0), NEVER).pipe(finalize(() => seen.ended.next('endless')));
  }

  @MessagePattern('drawn')
  async *drawn(count: number): AsyncGenerator<number> {
    try {
      for (let each = 0; each < count; each++) {
        seen.drawn++;
        yield each;
      }
    } finally {
      seen.ended.next('drawn');
    }
  }

  @MessagePattern('held')
  held(count: number): Observable<number> {
    return range(count).pipe(
      paced(undefined, { maxWaiting: count }),
      tap(() => seen.drawn++),
    );
  }

  @MessagePattern('flood')
  flood(count: number): Observable<number> {
    return range(count);
  }

  @MessagePattern('hang up')
  hangUp(@Ctx() { connection }: TinyprotoContext): Observable<never> {
    connection.destroy(new WireError('reset', 'on purpose'));
    return NEVER;
  }

  @MessagePattern('wait')
  wait(): Observable<string> {
    return seen.release.pipe(
      take(1),
      map(() => 'answered'),
    );
  }

  @EventPattern('event')
  event(words: unknown): void {
    seen.events.next(words);
  }
}

const quiet = ['fatal'] as const;

/** A server and a client, in memory, until the end of the test. */
async function both(options: { maxRequests?: number; window?: number; graceMs?: number } = {}) {
  const { window, ...serverOptions } = options;
  const net = { transport: virtualNetwork(), address: 'nest:1' };
  const strategy = new TinyprotoServer({ ...net, ...serverOptions });
  const module = await Test.createTestingModule({ controllers: [Handlers] }).compile();
  const app = module.createNestMicroservice({ strategy, logger: [...quiet] });
  await app.listen();
  const client = new TinyprotoClient({ ...net, ...(window !== undefined && { window }) });
  onTestFinished(async () => {
    client.close();
    await app.close();
  });
  const ask = (pattern: unknown, data: unknown = '') =>
    lastValueFrom(client.send(pattern, data).pipe(toArray()));
  return { app, client, ask, net };
}

/** What an Observable fails with. */
const failureOf = (source$: Observable<unknown>) =>
  lastValueFrom(
    source$.pipe(
      ignoreElements(),
      catchError((error) => of(error)),
    ),
    { defaultValue: 'no error' },
  );

describe('requests of Nest', () => {
  it('are answered with what the handler returns, or promises', async () => {
    const { ask } = await both();
    expect(await ask('double', 21)).toEqual([42]);
    expect(await ask({ cmd: 'later' }, 'words')).toEqual(['words']);
    expect(await ask('nothing')).toEqual([]);
  });

  it('fail as the handler says, and tell nothing of what was not meant for others', async () => {
    const { client } = await both();
    const failure = (how: string) => failureOf(client.send('fail', how));
    expect(await failure('refused')).toEqual({ status: 'error', message: 'no' });
    expect(await failure('detailed')).toEqual({ status: 'error', code: 7 });
    expect(await failure('bug')).toEqual({ status: 'error', message: 'Internal server error' });
    expect(await failure('unwritable')).toMatchObject({ message: expect.stringMatching(/not-encodable/) });
    expect(await failureOf(client.send('unheard of', 1))).toMatch(/no matching message handler/);
  });

  it('are refused above so many at once', async () => {
    const { client } = await both({ maxRequests: 1 });
    const first = client.send('endless', '').subscribe();
    const failure = await failureOf(timer(5).pipe(mergeMap(() => client.send('double', 1))));
    expect(failure).toEqual({ status: 'error', message: 'There are too many requests at work' });
    first.unsubscribe();
  });

  it('go both ways through an injected client', async () => {
    const { net } = await both();
    @Injectable()
    class Asker {
      @Inject('NUMBERS') readonly numbers!: ClientProxy;
    }
    const module = await Test.createTestingModule({
      imports: [ClientsModule.register([{ name: 'NUMBERS', customClass: TinyprotoClient, options: net }])],
      providers: [Asker],
    }).compile();
    onTestFinished(() => module.close());
    expect(await lastValueFrom(module.get(Asker).numbers.send('double', 4))).toBe(8);
  });
});

describe('events of Nest', () => {
  it('reach their handlers, in order, and are sent when the server has taken them', async () => {
    const { client } = await both();
    const heard = firstValueFrom(seen.events.pipe(take(2), toArray()));
    await lastValueFrom(client.emit('event', { a: 1 }), { defaultValue: undefined });
    client.emit('event', { a: 2 });
    expect(await heard).toEqual([{ a: 1 }, { a: 2 }]);
  });
});

describe('streams of Nest', () => {
  it('arrive as streams, whatever they are made of, with their errors', async () => {
    const { ask, client } = await both();
    expect(await ask('drawn', 3)).toEqual([0, 1, 2]);
    expect(await ask('held', 100)).toEqual(Array.from({ length: 100 }, (_, index) => index));
    const failing$ = client.send('fail', '').pipe(
      catchError((error) => of(error.message)),
      toArray(),
    );
    expect(await lastValueFrom(failing$)).toEqual([1, 2, 'half way']);
  });

  it.each(['endless', 'drawn'])('are cancelled at the server when nobody wants more: %s', async (pattern) => {
    const { client } = await both();
    const ended = firstValueFrom(seen.ended);
    await firstValueFrom(client.send(pattern, 1_000_000));
    expect(await ended).toBe(pattern);
  });

  it.each(['drawn', 'held'])(
    'go at the pace of a slow subscriber, who holds nobody else: %s',
    async (pattern) => {
      const { client, ask } = await both({ window: 4 });
      seen.drawn = 0;
      const release$ = new Subject<void>();
      const slow = client
        .send(pattern, 5_000)
        .pipe(consume(() => release$.pipe(take(1))))
        .subscribe();
      for (let other = 0; other < 20; other++) expect(await ask('double', other)).toEqual([other * 2]);
      expect(seen.drawn).toBeLessThanOrEqual(4 + 4);
      for (let each = 0; each < 10; each++) {
        release$.next();
        await ask('double', each);
      }
      expect(seen.drawn).toBeGreaterThan(8);
      expect(seen.drawn).toBeLessThanOrEqual(10 + 4 + 4);
      slow.unsubscribe();
    },
  );

  it('may ask from inside of what they are at work on', async () => {
    const { client } = await both({ window: 1 });
    const doubled$ = client.send('drawn', 5).pipe(
      consume((number) => client.send('double', number)),
      toArray(),
    );
    expect(await lastValueFrom(doubled$)).toEqual([0, 2, 4, 6, 8]);
  });

  it('fail that cannot be held, when a slow subscriber lets too much wait', async () => {
    const { client } = await both();
    const never$ = client.send('flood', 100_000).pipe(consume(() => timer(1)));
    expect(await failureOf(never$)).toEqual({
      status: 'error',
      message: '1024 answers wait for a slow client already',
    });
  });
});

describe('connections of Nest', () => {
  it('that are lost fail what waits on them, here and there, and the next message dials again', async () => {
    const { client, ask } = await both();
    const ended = firstValueFrom(seen.ended);
    const waiting = failureOf(client.send('endless', ''));
    await ask('double', 1);
    expect(await failureOf(client.send('hang up', ''))).toMatchObject({ code: 'reset' });
    expect(await waiting).toMatchObject({ code: 'reset' });
    expect(await ended).toBe('endless');
    expect(await ask('double', 2)).toEqual([4]);
  });

  it('that do not come up fail the message, and the next dials again', async () => {
    const net = { transport: virtualNetwork(), address: 'nobody:1' };
    const client = new TinyprotoClient(net);
    expect(await failureOf(client.send('double', 1))).toMatchObject({ code: 'connection-refused' });
    expect(await failureOf(client.send('double', 1))).toMatchObject({ code: 'connection-refused' });
  });

  it('end when the server is closed, behind the answers to what is at work', async () => {
    const { app, client } = await both();
    const states = firstValueFrom(client.status.pipe(take(2), toArray()));
    const answer = firstValueFrom(client.send('wait', ''));
    await firstValueFrom(client.send('double', 1));
    const closed = app.close();
    seen.release.next();
    expect(await answer).toBe('answered');
    await closed;
    expect(await states).toEqual(['connected', 'disconnected']);
  });

  it('end when the server is closed, after its grace, with what is not answered', async () => {
    const { app, client } = await both({ graceMs: 20 });
    const waiting = failureOf(client.send('endless', ''));
    await firstValueFrom(client.send('double', 1));
    await app.close();
    expect(await waiting).toBeInstanceOf(Error);
  });

  it.each([
    { id: '1', pattern: 'drawn', data: 9, window: 1_000_000_000 },
    { id: '1', pattern: 'drawn', data: 9, window: 0.5 },
    { id: '1', more: -1 },
    { id: 'x'.repeat(65), cancel: true },
    ['drawn'],
    null,
  ])('end that say what is no packet: %j', async (packet) => {
    const { net, ask } = await both();
    const broken$ = connect(net.address, { transport: net.transport, codec: json() }).pipe(
      mergeMap((conn) => merge(conn.messages$, conn.send(packet))),
    );
    expect(await failureOf(broken$)).toMatchObject({ code: 'reset' });
    expect(await ask('double', 1)).toEqual([2]);
  });

  it('end when the client is closed, which fails what waits', async () => {
    const { client } = await both();
    const ended = firstValueFrom(seen.ended);
    const waiting = failureOf(client.send('endless', ''));
    await firstValueFrom(client.send('double', 1));
    client.close();
    expect(await waiting).toEqual(new Error('The connection is closed'));
    expect(await ended).toBe('endless');
  });
});
