import { animationFrames, asyncScheduler, fromEvent, merge, repeat, retry, tap, throttleTime } from 'rxjs';
import { converse } from '../../client/converse.js';
import { json } from '../../codec/json.js';
import { connect } from '../../websocket/browser.js';
import type { Batch } from '../batch.js';
import { besides, nearest } from './cursor.js';
import { showDetail } from './detail.js';
import { rowsShown, save } from './exports.js';
import { laneHeight } from './lane.js';
import { type Chosen, Lanes } from './lanes.js';
import { asSpec } from './marble-spec.js';
import { asSvg } from './picture.js';
import { RowList } from './row-list.js';
import { type Row, Store, type View } from './store.js';

const on = <E extends Event>(target: EventTarget, name: string, act: (event: E) => void) =>
  fromEvent(target, name).pipe(tap((event) => act(event as E)));
const at = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

const main = document.querySelector('main') as HTMLElement;
const pause = at<HTMLButtonElement>('pause');
const span = at<HTMLSelectElement>('span');
const scrub = at<HTMLInputElement>('scrub');
const lanes = new Lanes(at<HTMLCanvasElement>('lanes'), at('empty'));
const list = new RowList(at('rows'));
const store = new Store();

/** Thirty pictures a second look smooth, and leave the other half of the time to the server beside. Who wants less motion sees it move once a second. */
const frameMs = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1_000 : 30;

const unreachable = 'Out of reach: trying again.';

/** Behind what has come last by this much, so that the picture moves evenly between two batches. */
const lagMs = 200;
let cameAt = 0;
/** Where time stands still; undefined: it is live. */
let still: number | undefined;
let chosen: Chosen | undefined;
let chosenRow: Row | undefined;

const rows = () => store.during(view());
const live = () => store.latest - lagMs + Math.min(1_000, asyncScheduler.now() - cameAt);
const end = () => still ?? live();

function view(): View {
  const to = end();
  return { from: to - Number(span.value), to };
}

function stand(time: number | undefined): void {
  still = time;
  const paused = still !== undefined;
  store.pinned = paused ? view() : undefined;
  pause.classList.toggle('still', paused);
  pause.textContent = paused ? 'Go live' : 'Pause';
}

function choose(next: Chosen | undefined, row = next?.row): void {
  chosen = next;
  chosenRow = row;
  showDetail(at('detail'), chosen, chosenRow);
  showRows(); // there has to be the place to scroll to
  reveal();
  showRows();
}

/** Brings what is chosen into sight, in time and in place. */
function reveal(): void {
  if (chosen) {
    const { from, to } = view();
    const isInView = chosen.mark.at > from && chosen.mark.at < to;
    stand(isInView ? to : Math.max(chosen.mark.at + Number(span.value) / 10, store.oldest));
  }
  const index = chosenRow ? rows().indexOf(chosenRow) : -1;
  if (index < 0) return;
  const top = index * laneHeight;
  if (top < main.scrollTop) main.scrollTop = top;
  if (top > main.scrollTop + main.clientHeight - 3 * laneHeight)
    main.scrollTop = top - main.clientHeight + 3 * laneHeight;
}

function moveRow(by: 1 | -1): void {
  const all = rows();
  const known = chosenRow ? all.indexOf(chosenRow) : -1;
  const now = known < 0 && by < 0 ? all.length : known;
  const row = all[Math.min(all.length - 1, Math.max(0, now + by))];
  if (row) choose(chosen ? nearest(row, chosen.mark.at) : undefined, row);
}

const keys: Readonly<Record<string, () => void>> = {
  ' ': () => stand(still === undefined ? end() : undefined),
  ArrowDown: () => moveRow(1),
  ArrowUp: () => moveRow(-1),
  ArrowLeft: () => chosenRow && choose(besides(chosenRow, chosen, -1, end()), chosenRow),
  ArrowRight: () => chosenRow && choose(besides(chosenRow, chosen, 1, Number.POSITIVE_INFINITY), chosenRow),
  Home: () => stand(Math.min(live(), store.oldest + Number(span.value))),
  End: () => stand(undefined),
  Escape: () => {
    choose(undefined);
    stand(undefined);
  },
};

function showCounts(): void {
  const { open, errors } = store.counts;
  const rates = store.rates;
  at('open').textContent = `${open}`;
  at('errors').textContent = `${errors}`;
  at('in').textContent = `${rates.in}/s`;
  at('out').textContent = `${rates.out}/s`;
  at('sampled').textContent = rates.skipped > 0 ? `a sample: ${rates.skipped}/s are not drawn` : '';
}

/** The names beside the lanes, as far as they are in sight. */
function showRows(): void {
  const all = rows();
  const first = Math.min(all.length, Math.floor(main.scrollTop / laneHeight));
  list.show(all, first, Math.ceil(main.clientHeight / laneHeight) + 1, chosenRow);
  at('empty').hidden = all.length > 0;
  at('lanes').hidden = at('rows').hidden = all.length === 0;
}

/** Where on the slider we are: told in words, too. */
function showTime(to: number): void {
  const isHeld = document.activeElement === scrub && still !== undefined;
  const part = (to - store.oldest) / Math.max(1, live() - store.oldest);
  if (!isHeld) scrub.value = still === undefined ? scrub.max : `${Math.round(1_000 * part)}`;
  const ago = Math.round((live() - to) / 1_000);
  const words = still === undefined ? 'live' : `${ago} ${ago === 1 ? 'second' : 'seconds'} ago`;
  if (scrub.ariaValueText !== words) scrub.ariaValueText = words;
}

function take(batch: Batch): void {
  store.take(batch);
  cameAt = asyncScheduler.now();
  showCounts();
  showRows();
}

/** Told to everybody: those who hear the page, too. */
function say(words: string): void {
  if (at('said').textContent !== words) at('said').textContent = words;
}

/** The canvas is as large as the part of the list that can be seen. */
function resized(): void {
  lanes.canvas.style.height = `${main.clientHeight}px`;
  showRows();
}

/** Saves what is chosen, or else what is in sight. */
function exported(name: string, type: string, write: (rows: readonly Row[], view: View) => string): void {
  const all = rows();
  const first = Math.min(Math.floor(main.scrollTop / laneHeight), Math.max(0, all.length - 1));
  const shown = chosenRow ? [chosenRow] : all.slice(first, first + rowsShown);
  if (shown.length > 0) save(name, type, write(shown, view()));
  say(shown.length > 0 ? `Saved ${shown.length} of ${all.length} connections.` : 'Nothing is in view.');
}

resized();
showDetail(at('detail'), undefined, undefined);
if (matchMedia('(max-width: 40rem)').matches) span.value = '5000';
new ResizeObserver(resized).observe(main);
const looks = ['(prefers-color-scheme: dark)', '(forced-colors: active)'].map((query) => matchMedia(query));

merge(
  ...looks.map((look) => on(look, 'change', () => lanes.recolor())),
  on(main, 'scroll', showRows),
  on(pause, 'click', () => keys[' ']?.()),
  on(span, 'change', () => stand(still)),
  on(at('svg'), 'click', () => exported('marbles.svg', 'image/svg+xml', asSvg)),
  on(at('spec'), 'click', () => exported('marbles.spec.ts', 'text/plain', asSpec)),
  on(scrub, 'input', () => {
    const part = Number(scrub.value) / 1_000;
    stand(part === 1 ? undefined : store.oldest + part * (live() - store.oldest));
  }),
  on(at('rows'), 'click', (event) => {
    const row = list.rowOf(event, rows());
    if (row) choose(besides(row, undefined, -1, end()), row);
  }),
  on<MouseEvent>(lanes.canvas, 'click', (event) => {
    const hit = lanes.hit(rows(), event.offsetX, event.offsetY);
    if (hit) choose(hit);
  }),
  on<KeyboardEvent>(document, 'keydown', (event) => {
    const own = event.target instanceof HTMLElement && event.target.matches('button, select, input, pre');
    const act = keys[event.key];
    if (!act || (own && event.key !== 'Escape') || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  }),
  animationFrames().pipe(throttleTime(frameMs)),
).subscribe(() => {
  const shown = view();
  lanes.draw(store.during(shown), shown, main.scrollTop, chosen);
  showTime(shown.to);
});

connect(`/feed${location.search}`, { codec: json<Batch>() })
  .pipe(
    tap(() => say('')),
    converse((conn) => conn.messages$),
    tap({ error: () => say(unreachable), complete: () => say(unreachable) }),
    retry({ delay: 1_000 }),
    repeat({ delay: 1_000 }),
  )
  .subscribe(take);
