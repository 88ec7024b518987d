import { animationFrames, asyncScheduler, fromEvent, merge, retry, tap, throttleTime } from 'rxjs';
import { converse } from '../../client/converse.js';
import { json } from '../../codec/json.js';
import { connect } from '../../websocket/browser.js';
import type { Batch } from '../batch.js';
import { besides, nearest } from './cursor.js';
import { showDetail } from './detail.js';
import { asMarbles, asSvg, save, sceneOf } from './exports.js';
import { type Chosen, Lanes, laneHeight, type View } from './lanes.js';
import { RowList } from './row-list.js';
import { type Row, Store } from './store.js';

const on = <E extends Event>(target: EventTarget, name: string, act: (event: E) => void) =>
  fromEvent(target, name).pipe(tap((event) => act(event as E)));
const at = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

const main = document.querySelector('main') as HTMLElement;
const pause = at<HTMLButtonElement>('pause');
const span = at<HTMLSelectElement>('span');
const scrub = at<HTMLInputElement>('scrub');
const lanes = new Lanes(at<HTMLCanvasElement>('lanes'), at('empty'));
const list = new RowList(at('rows'), (row) => choose(besides(row, undefined, -1, end()), row));
const store = new Store();

/** Thirty pictures a second look smooth, and leave the other half of the time to the server beside. */
const frameMs = 30;

/** Behind what has come last by this much, so that the picture moves evenly between two batches. */
const lagMs = 200;
let cameAt = 0;
/** Where time stands still; undefined: it is live. */
let still: number | undefined;
let chosen: Chosen | undefined;
let chosenRow: Row | undefined;

/** Those that have not ended before what is shown. */
const rows = () =>
  [...store.rows.values()].filter(({ over = Number.POSITIVE_INFINITY }) => over >= view().from);
const live = () => store.latest - lagMs + Math.min(1_000, asyncScheduler.now() - cameAt);
const end = () => still ?? live();

function view(): View {
  const to = end();
  return { from: to - Number(span.value), to };
}

function stand(time: number | undefined): void {
  still = time;
  const paused = still !== undefined;
  pause.classList.toggle('still', paused);
  pause.textContent = paused ? 'Go live' : 'Pause';
}

function choose(next: Chosen | undefined, row = next?.row): void {
  chosen = next;
  chosenRow = row;
  showDetail(at('detail'), chosen);
  list.show(rows(), chosenRow);
  reveal();
}

/** Brings what is chosen into sight, in time and in place. */
function reveal(): void {
  const index = chosenRow ? rows().indexOf(chosenRow) : -1;
  if (index < 0) return;
  const top = index * laneHeight;
  if (top < main.scrollTop) main.scrollTop = top;
  if (top > main.scrollTop + main.clientHeight - 3 * laneHeight)
    main.scrollTop = top - main.clientHeight + 3 * laneHeight;
  if (!chosen) return;
  const { from, to } = view();
  if (chosen.mark.at > from && chosen.mark.at < to) stand(to);
  else stand(Math.max(chosen.mark.at + Number(span.value) / 10, store.oldest));
}

function moveRow(by: 1 | -1): void {
  const all = rows();
  const now = chosenRow ? all.indexOf(chosenRow) : by > 0 ? -1 : all.length;
  const row = all[Math.min(all.length - 1, Math.max(0, now + by))];
  if (row) choose(chosen ? nearest(row, chosen.mark.at) : undefined, row);
}

const keys: Readonly<Record<string, () => void>> = {
  ' ': () => stand(still === undefined ? end() : undefined),
  ArrowDown: () => moveRow(1),
  ArrowUp: () => moveRow(-1),
  ArrowLeft: () => chosenRow && choose(besides(chosenRow, chosen, -1, end()), chosenRow),
  ArrowRight: () => chosenRow && choose(besides(chosenRow, chosen, 1, Number.POSITIVE_INFINITY), chosenRow),
  Home: () => stand(store.oldest + Number(span.value)),
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
  at('empty').hidden = store.rows.size > 0;
  at('lanes').hidden = store.rows.size === 0;
}

function take(batch: Batch): void {
  store.take(batch);
  cameAt = asyncScheduler.now();
  showCounts();
  list.show(rows(), chosenRow);
}

/** The canvas is as large as the part of the list that can be seen. */
function resized(): void {
  lanes.canvas.style.height = `${main.clientHeight}px`;
}

/** What is in sight, or what is chosen. */
function exported() {
  const first = Math.floor(main.scrollTop / laneHeight);
  return sceneOf(chosenRow ? [chosenRow] : rows().slice(first), view());
}

resized();
showDetail(at('detail'), undefined);
if (matchMedia('(max-width: 40rem)').matches) span.value = '5000';
new ResizeObserver(resized).observe(main);
const dark = matchMedia('(prefers-color-scheme: dark)');

merge(
  on(dark, 'change', () => lanes.recolor()),
  on(pause, 'click', () => keys[' ']?.()),
  on(at('svg'), 'click', () => save('marbles.svg', 'image/svg+xml', asSvg(exported()))),
  on(at('marbles'), 'click', () => save('marbles.txt', 'text/plain', asMarbles(exported()))),
  on(scrub, 'input', () => {
    const part = Number(scrub.value) / 1_000;
    stand(part === 1 ? undefined : store.oldest + part * (live() - store.oldest));
  }),
  on<MouseEvent>(lanes.canvas, 'click', (event) => {
    const { offsetX: x, offsetY: y } = event;
    const hit = lanes.hit(rows(), x, y);
    if (hit) choose(hit);
  }),
  on<KeyboardEvent>(document, 'keydown', (event) => {
    const own = event.target instanceof HTMLElement && event.target.matches('button, select, input');
    const act = keys[event.key];
    if (!act || (own && event.key !== 'Escape') || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    act();
  }),
  animationFrames().pipe(throttleTime(frameMs)),
).subscribe(() => {
  const shown = view();
  lanes.draw(rows(), shown, main.scrollTop, chosen);
  if (document.activeElement === scrub || still === undefined) return;
  scrub.value = `${Math.round((1_000 * (shown.to - store.oldest)) / Math.max(1, live() - store.oldest))}`;
});

connect(`/feed${location.search}`, { codec: json<Batch>() })
  .pipe(
    converse((conn) => conn.messages$),
    retry({ delay: 1_000 }),
  )
  .subscribe(take);
