import { paced, WireError } from 'rx-tinyproto';
import { type MarbleHelpers, marbles, reset } from 'rx-tinyproto/testing';
import { map, mergeMap, takeUntil, timer } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { chatClient, chatOptions, chatServer } from '../../examples/chat/flow.js';
import { hear, type Person, stranger } from '../../examples/chat/person.js';

// Letters are lines: what is typed, and what a terminal shows. Each test has its own.

/** Which id somebody has is chance. */
const withoutIds = map((line: string) => line.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID'));

const server = ({ listen }: MarbleHelpers, options?: Parameters<typeof chatServer>[0]) =>
  listen('server:8088', chatOptions).pipe(chatServer(options), withoutIds);

interface Coming {
  readonly at: number;
  readonly name?: string;
}

/** Somebody comes, and types. The diagram of what they type begins when they come. */
const comes = (run: MarbleHelpers, { at, name }: Coming, types: string, lines: Record<string, string>) =>
  timer(at).pipe(
    mergeMap(() => run.connect('server:8088', chatOptions)),
    chatClient(run.cold(types, lines).pipe(paced()), name),
    withoutIds,
  );

describe('the chat example', () => {
  it(
    'tells the others who comes, what they say, and who goes, in the words of the original',
    marbles((run) => {
      const lines = { h: 'hello', y: 'hi yourself', q: 'quit', z: 'too late' };
      const shown = {
        j: '[ID] **joined the chat',
        h: '[ID] hello',
        y: '[ID] hi yourself',
        l: '[ID] **left the chat',
      };
      const logged = Object.fromEntries(Object.entries(shown).map(([key, line]) => [key, `#lobby ${line}`]));
      const annaTypes = '--h-------q--z';
      const annaSees = ' -j--y-----|';
      const benTypes = '  ---y---------|'; // from 1 on, when he comes
      const benSees = '  -jh-------l---|'; // who was there before is in what he is told first
      const log = '      jjh-y-----l---l';

      run.expectObservable(server(run), '^------------------!').toBe(log, logged);
      run.expectObservable(comes(run, { at: 0 }, annaTypes, lines)).toBe(annaSees, shown);
      run.expectObservable(comes(run, { at: 1 }, benTypes, lines)).toBe(benSees, shown);
    }),
  );

  it(
    'calls people by the names that they say, once each',
    marbles((run) => {
      const lines = { a: '/name anna', x: '/name <b>', b: '/name ben', w: '/who', h: 'hello' };
      const shown = {
        j: '[ID] **joined the chat',
        a: '** somebody is anna already',
        x: '** a name is one word of up to 32 letters and digits',
        b: '[ID] **is now ben',
        w: '** here are anna, ben',
        h: '[ben] hello',
        l: '[ben] **left the chat',
      };
      const benTypes = '  ---axbwh-|'; // from 2 on
      const benSees = '   -----ax-w--|';
      const annaSees = '  --j----b-h-l-|';

      run.run(server(run, { history: 0 }));
      run
        .expectObservable(comes(run, { at: 0, name: 'anna' }, '-------------|', lines))
        .toBe(annaSees, shown);
      run.expectObservable(comes(run, { at: 2 }, benTypes, lines)).toBe(benSees, shown);
    }),
  );

  it(
    'keeps rooms apart, and tells which there are',
    marbles((run) => {
      const lines = { g: '/join garden', h: 'hello', r: '/rooms', w: '/who', p: '/play chess' };
      const shown = {
        a: '[ID] **joined the chat',
        b: '[ID] **is now cleo',
        c: '[cleo] **left the chat',
        d: '[ID] **is now anna',
        e: '[anna] **left the chat',
        f: '[anna] **joined the chat',
        h: '[anna] hello',
        r: '** there are garden, lobby',
        w: '** here are anna, cleo',
        p: '** there is no /play; say /name NAME, /join ROOM, /who, /rooms, or quit',
      };
      const annaTypes = ' -ghrwp------|'; // from 4 on
      const annaSees = '  -------rwpc-----|';
      const cleoTypes = ' -g-------|'; // from 1 on
      const cleoSees = '  -----fh---|';
      const benSees = '   -[ab]c-[ad]e------|'; // stays in the lobby

      run.run(server(run, { history: 0 }));
      run.expectObservable(comes(run, { at: 0, name: 'ben' }, '------------|', lines)).toBe(benSees, shown);
      run.expectObservable(comes(run, { at: 1, name: 'cleo' }, cleoTypes, lines)).toBe(cleoSees, shown);
      run.expectObservable(comes(run, { at: 4, name: 'anna' }, annaTypes, lines)).toBe(annaSees, shown);
    }),
  );

  it(
    'tells a newcomer what was told last, in the room that they enter',
    marbles((run) => {
      const lines = { 1: 'one', 2: 'two', g: '/join garden' };
      const shown = { 2: '[anna] two', l: '[anna] **left the chat' };
      const annaTypes = '-12|';
      const benTypes = '     --g-|'; // from 5 on
      const benSees = ' -----[2l]---|';

      run.run(server(run, { history: 2 }));
      run.expectObservable(comes(run, { at: 0, name: 'anna' }, annaTypes, lines)).toBe('---|');
      run.expectObservable(comes(run, { at: 5 }, benTypes, lines)).toBe(benSees, shown);
    }),
  );

  it(
    'lets nobody wait for a member who does not read, and cuts that one off',
    marbles((run) => {
      const lines = { a: 'x'.repeat(40) };
      const shown = {
        j: '[ID] **joined the chat',
        a: `[anna] ${'x'.repeat(40)}`,
        l: '[ID] **left the chat',
      };
      const annaTypes = '  -aaaaaaaaaaaaaaaaaaaaaaaa--|';
      const annaSees = '   -j---------------l---------|';
      const benSees = '    -aaaaaaaaaaaaaaaa[al]aaaaaaa--|'; // from 1 on
      const silentHears = '<ff 00 00 00 38>----------------#';

      run.run(server(run, { history: 0, maxPendingBytes: 150 }));
      const silent = run.peer('server:8088').sends('<ff>');
      run.expectBytes(silent).toBe(silentHears);
      run.expectObservable(comes(run, { at: 0, name: 'anna' }, annaTypes, lines)).toBe(annaSees, shown);
      run.expectObservable(comes(run, { at: 1 }, '--------------------------|', {})).toBe(benSees, shown);
    }),
  );

  it(
    'tells that somebody has left whose wire is cut',
    marbles((run) => {
      const shown = {
        j: '[ID] **joined the chat',
        n: '[ID] **is now ben',
        l: '[ben] **left the chat',
      };
      const cut = '     -----x';
      const annaSees = '-[jn]---l--|';
      const benSees = ' -----#';

      run.run(server(run, { history: 0 }));
      run.faults(cut, { x: reset({ wire: 2 }) });
      run.expectObservable(comes(run, { at: 0, name: 'anna' }, '--------|', {})).toBe(annaSees, shown);
      run
        .expectObservable(comes(run, { at: 1, name: 'ben' }, '--------|', {}))
        .toBe(benSees, {}, new WireError('reset', ''));
    }),
  );

  it(
    'ends all conversations in order when it is stopped',
    marbles((run) => {
      const stop = '    -----s';
      const log = '     j----(l|)';
      const annaSees = '-----|';

      const stopped$ = run
        .listen('server:8088', chatOptions)
        .pipe(takeUntil(run.hot(stop)), chatServer(), withoutIds);
      const logged = { j: '#lobby [ID] **joined the chat', l: '#lobby [ID] **left the chat' };
      run.expectObservable(stopped$).toBe(log, logged);
      run.expectObservable(comes(run, { at: 0 }, '--------|', {})).toBe(annaSees, {});
    }),
  );
});

describe('what is heard of a person', () => {
  const anna: Person = { name: 'anna', room: 'lobby', tells: [] };

  it('is nothing before they have come in and after they have left', () => {
    expect(hear(stranger('1'), 'hello', []).tells).toEqual([]);
    expect(hear(hear(anna, 'quit', []), 'hello', []).tells).toEqual([]);
  });

  it.each([
    '',
    ' ',
    '/',
    '/name',
    '/name a b',
    '/name [ben]',
    `/join ${'x'.repeat(33)}`,
    '/join \u001b[2J',
    '/toString',
  ])('changes neither name nor room by %j', (line) => {
    const { name, room, tells } = hear(anna, line, []);
    expect({ name, room, count: tells.length }).toEqual({ name: 'anna', room: 'lobby', count: 1 });
  });
});
