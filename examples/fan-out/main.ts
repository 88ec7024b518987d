import { connect, listen, reconnect } from 'rx-tinyproto';
import { interval, map, merge, retry, switchMap, takeUntil } from 'rxjs';
import { byRole, interrupt$, play, telling } from '../terminal.js';
import { agency, fanOut, newsOptions, reader } from './flow.js';

const usage = `usage: fan-out agency [address]
       fan-out relay [address] [agency]
       fan-out reader [wish] [relay]
       fan-out

  agency    invents news, on 127.0.0.1:9301
  relay     passes them on to readers, on 127.0.0.1:9302, and dials again when the agency is away
  reader    shows those that it wants: a topic, or the beginning of some, as in 'sport.*'; all where you name none
  fan-out   all of it in one process, with two readers`;

const agencyAddress = '127.0.0.1:9301';
const relayAddress = '127.0.0.1:9302';

const topics = ['sport.tennis', 'sport.chess', 'weather.north', 'weather.south'];
const invented$ = interval(500).pipe(
  map((index) => `${topics[index % topics.length]} ${Math.round(Math.random() * 100)}`),
);

const agent = (address = agencyAddress) =>
  listen(address, { ...newsOptions, openObserver: telling('The agency listens on') }).pipe(
    takeUntil(interrupt$),
    agency(invented$),
  );

function relay(address = relayAddress, source = agencyAddress) {
  const news$ = connect(source, newsOptions).pipe(
    reconnect({ onEnd: 'reconnect' }),
    switchMap((conn) => conn.messages$),
  );
  return listen(address, { ...newsOptions, openObserver: telling('The relay listens on') }).pipe(
    takeUntil(interrupt$),
    fanOut(news$),
  );
}

/** Says its wish again to each relay that it finds. */
const interested = (wish = '*', address = relayAddress) =>
  connect(address, newsOptions).pipe(reader(wish), retry({ delay: 1_000 }), takeUntil(interrupt$));

const named = (name: string) => map((line: string) => `${name}: ${line}`);

const together = () =>
  merge(
    agent(),
    relay(),
    interested('sport.*').pipe(named('for sport.*')),
    interested('weather.north').pipe(named('for weather.north')),
  );

play(usage, byRole({ agency: agent, relay, reader: interested, together }));
