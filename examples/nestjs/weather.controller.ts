import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, RpcException } from '@nestjs/microservices';
import { interval, map, type Observable, take } from 'rxjs';

/** Handlers as they are written for any transport of Nest's. */
@Controller()
export class WeatherController {
  private readonly reported: string[] = [];

  @MessagePattern('temperature')
  temperature(city: string): number {
    if (city === 'atlantis') throw new RpcException('There is no such city');
    return city.length;
  }

  /** A stream: the client gets each value as it comes, and unsubscribing ends it here. */
  @MessagePattern({ cmd: 'forecast' })
  forecast({ days, everyMs }: { days: number; everyMs: number }): Observable<string> {
    return interval(everyMs).pipe(
      take(days),
      map((day) => `day ${day + 1}: ${day % 2 ? 'rain' : 'sun'}`),
    );
  }

  /** A stream that is drawn: the next is computed when the client has room for it. */
  @MessagePattern('history')
  async *history(years: number): AsyncGenerator<number> {
    for (let year = 0; year < years; year++) yield year;
  }

  @EventPattern('report')
  report(words: string): void {
    this.reported.push(words);
  }

  @MessagePattern('reports')
  reports(): readonly string[] {
    return this.reported;
  }
}
