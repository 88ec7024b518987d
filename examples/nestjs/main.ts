import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { BoundAddress } from 'rx-tinyproto';
import { formatAddress } from 'rx-tinyproto/transport';
import {
  catchError,
  concat,
  defer,
  finalize,
  ignoreElements,
  map,
  mergeMap,
  NEVER,
  type Observable,
  of,
  startWith,
  takeUntil,
} from 'rxjs';
import { byRole, interrupt$, play } from '../terminal.js';
import { TinyprotoClient } from './client.js';
import { TinyprotoServer } from './server.js';
import { WeatherController } from './weather.controller.js';

const usage = `usage: nestjs server [address]
       nestjs client [address]

  server   a Nest microservice on 127.0.0.1:9700
  client   asks it for temperatures, a forecast and a history`;

const defaultAddress = '127.0.0.1:9700';

@Module({ controllers: [WeatherController] })
class WeatherModule {}

/** Runs until Ctrl-C, then answers what is at work, and ends. */
const server = (address = defaultAddress): Observable<string> =>
  defer(async () => {
    const strategy = new TinyprotoServer({ address, graceMs: 2_000 });
    const app = await NestFactory.createMicroservice(WeatherModule, { strategy, logger: ['error', 'warn'] });
    await app.listen();
    return { app, strategy };
  }).pipe(
    mergeMap(({ app, strategy }) => {
      const where = strategy.unwrap<readonly BoundAddress[]>().map(formatAddress).join(' and ');
      const running$ = NEVER.pipe(startWith(`Listening on ${where}`), takeUntil(interrupt$));
      return concat(running$, defer(() => app.close()).pipe(ignoreElements()));
    }),
  );

const client = (address = defaultAddress): Observable<string> =>
  defer(() => {
    const weather = new TinyprotoClient({ address });
    const ask = (pattern: unknown, data: unknown) =>
      weather.send<unknown>(pattern, data).pipe(
        catchError((error: Error) => of(`(${error.message})`)),
        map((answer) => `${JSON.stringify(pattern)} ${JSON.stringify(data)}: ${answer}`),
      );
    return concat(
      ask('temperature', 'berlin'),
      ask('temperature', 'atlantis'),
      ask({ cmd: 'forecast' }, { days: 4, everyMs: 500 }),
      ask('history', 3),
    ).pipe(
      takeUntil(interrupt$),
      finalize(() => weather.close()),
    );
  });

play(usage, byRole({ server, client }));
