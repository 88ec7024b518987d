import type { Mark, MarkKind } from '../batch.js';
import type { Row } from './store.js';

export const laneHeight = 28;
const rulerHeight = 26;
/** So many marks before what is shown may have begun a stretch that reaches into it. */
const lookBack = 50;

/** What of time is shown. */
export interface View {
  readonly from: number;
  readonly to: number;
}

/** A marble, and its row. */
export interface Chosen {
  readonly row: Row;
  readonly mark: Mark;
}

type Colors = Readonly<
  Record<'ground' | 'stripe' | 'ink' | 'faint' | 'line' | 'in' | 'out' | 'flow' | 'error' | 'accent', string>
>;

const named = ['ground', 'stripe', 'ink', 'faint', 'line', 'in', 'out', 'flow', 'error', 'accent'] as const;

/** The colours as the style has them now: light or dark. `light-dark` is resolved by an element, not by a property. */
export function readColors(probe: HTMLElement): Colors {
  const resolved = named.map((name) => {
    probe.style.color = `var(--${name})`;
    return [name, getComputedStyle(probe).color];
  });
  return Object.fromEntries(resolved) as Colors;
}

/** Draws the rows that can be seen; what lies outside costs nothing. */
export class Lanes {
  readonly #pen: CanvasRenderingContext2D;
  #colors: Colors;
  #view: View = { from: 0, to: 1 };
  #scroll = 0;
  /** Asked of the page once a picture: every question may cost it a layout. */
  #width = 1;

  constructor(
    readonly canvas: HTMLCanvasElement,
    private readonly probe: HTMLElement,
  ) {
    this.#pen = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#colors = readColors(probe);
  }

  recolor(): void {
    this.#colors = readColors(this.probe);
  }

  draw(rows: readonly Row[], view: View, scroll: number, chosen: Chosen | undefined): void {
    this.#view = view;
    this.#scroll = scroll;
    const { width, height } = this.#fit();
    this.#pen.fillStyle = this.#colors.ground;
    this.#pen.fillRect(0, 0, width, height);
    const first = Math.max(0, Math.floor((scroll - rulerHeight) / laneHeight));
    const last = Math.min(rows.length - 1, Math.ceil((scroll + height) / laneHeight));
    for (let index = first; index <= last; index++) this.#lane(rows[index] as Row, index, width, chosen);
    this.#ruler(width, height);
  }

  /** The marble nearest to a place, if one is near. */
  hit(rows: readonly Row[], x: number, y: number): Chosen | undefined {
    const row = rows[Math.floor((y + this.#scroll - rulerHeight) / laneHeight)];
    if (!row || y < rulerHeight) return undefined;
    let best: Mark | undefined;
    for (const mark of row.marks.slice(firstAfter(row.marks, this.#view.from - 1_000)))
      if (isMarble(mark) && Math.abs(this.#x(mark.at) - x) < (best ? Math.abs(this.#x(best.at) - x) : 14))
        best = mark;
    return best && { row, mark: best };
  }

  #x(at: number): number {
    const { from, to } = this.#view;
    return ((at - from) / (to - from)) * this.#width;
  }

  #fit(): { width: number; height: number } {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.#width = width;
    const scale = devicePixelRatio;
    if (this.canvas.width !== Math.round(width * scale)) this.canvas.width = Math.round(width * scale);
    if (this.canvas.height !== Math.round(height * scale)) this.canvas.height = Math.round(height * scale);
    this.#pen.setTransform(scale, 0, 0, scale, 0, 0);
    return { width, height };
  }

  #ruler(width: number, height: number): void {
    const pen = this.#pen;
    const { from, to } = this.#view;
    const step = to - from > 10_000 ? 5_000 : 1_000;
    pen.fillStyle = this.#colors.ground;
    pen.fillRect(0, 0, width, rulerHeight - 1);
    pen.fillStyle = this.#colors.line;
    pen.fillRect(0, rulerHeight - 1, width, 1);
    pen.font = '11px system-ui, sans-serif';
    pen.textAlign = 'center';
    for (let at = Math.ceil(from / step) * step; at <= to; at += step) {
      const x = Math.round(this.#x(at));
      pen.fillStyle = this.#colors.line;
      pen.fillRect(x, rulerHeight - 6, 1, 6);
      pen.globalAlpha = 0.5;
      pen.fillRect(x, rulerHeight, 1, height);
      pen.globalAlpha = 1;
      pen.fillStyle = this.#colors.faint;
      if (x > 18 && x < width - 18) pen.fillText(`${at / 1_000} s`, x, 15);
    }
  }

  #lane(row: Row, index: number, width: number, chosen: Chosen | undefined): void {
    const pen = this.#pen;
    const top = rulerHeight + index * laneHeight - this.#scroll;
    const middle = top + laneHeight / 2;
    if (index % 2 === 1) {
      pen.fillStyle = this.#colors.stripe;
      pen.fillRect(0, top, width, laneHeight);
    }
    const begin = Math.max(0, row.marks[0]?.kind === 'open' ? this.#x(row.marks[0].at) : 0);
    const end = row.over === undefined ? width : Math.min(width, this.#x(row.over));
    pen.fillStyle = this.#colors.line;
    if (end > begin) pen.fillRect(begin, middle - 0.5, end - begin, 1);
    this.#spans(row, middle);
    this.#marbles(row, middle, chosen?.row === row ? chosen.mark : undefined);
  }

  /** Stretches of time: how long somebody held a message, and how long the peer took none. */
  #spans(row: Row, middle: number): void {
    for (const [begin, end, height, alpha] of [
      ['held', 'free', 6, 0.45],
      ['paused', 'open', 2, 1],
    ] as const) {
      let since: number | undefined;
      const draw = (from: number, to: number) => {
        this.#pen.fillStyle = this.#colors.flow;
        this.#pen.globalAlpha = alpha;
        this.#pen.fillRect(
          this.#x(from),
          height === 2 ? middle + 11 : middle - 3,
          Math.max(1, this.#x(to) - this.#x(from)),
          height,
        );
        this.#pen.globalAlpha = 1;
      };
      const before = Math.max(0, firstAfter(row.marks, this.#view.from) - lookBack);
      for (const { kind, at } of row.marks.slice(before)) {
        if (at > this.#view.to) break;
        if (kind === begin) since ??= at;
        else if ((kind === end || kind === 'closed' || kind === 'error') && since !== undefined) {
          if (at >= this.#view.from && since <= this.#view.to) draw(since, at);
          since = undefined;
        }
      }
      if (since !== undefined && since < this.#view.to) draw(since, this.#view.to);
    }
  }

  /** Those of a kind are one path: thousands of single ones would take longer than a frame. */
  #marbles(row: Row, middle: number, chosen: Mark | undefined): void {
    const came = new Path2D();
    const sent = new Path2D();
    // Two of a kind at one place are one to the eye: the second is not drawn.
    const drawn: Partial<Record<MarkKind, number>> = {};
    for (let index = firstAfter(row.marks, this.#view.from - 200); index < row.marks.length; index++) {
      const mark = row.marks[index] as Mark;
      if (mark.at > this.#view.to) break;
      const x = this.#x(mark.at);
      if (mark !== chosen && x - (drawn[mark.kind] ?? Number.NEGATIVE_INFINITY) < 4) continue;
      drawn[mark.kind] = x;
      if (mark.kind === 'in') circle(came, x, middle - 5, radiusOf(mark));
      else if (mark.kind === 'out') circle(sent, x, middle + 5, radiusOf(mark) - 1);
      else this.#sign(mark, x, middle);
    }
    this.#pen.fillStyle = this.#colors.in;
    this.#pen.fill(came);
    this.#stroke(sent, this.#colors.out, 2);
    if (chosen) this.#ring(chosen, middle);
  }

  #sign({ kind }: Mark, x: number, middle: number): void {
    const path = new Path2D();
    if (kind === 'closed') {
      path.moveTo(x, middle - 8);
      path.lineTo(x, middle + 8);
      this.#stroke(path, this.#colors.ink, 2);
    } else if (kind === 'error' || kind === 'failed') {
      path.moveTo(x - 5, middle - 5);
      path.lineTo(x + 5, middle + 5);
      path.moveTo(x + 5, middle - 5);
      path.lineTo(x - 5, middle + 5);
      this.#stroke(path, this.#colors.error, 2.5);
    }
  }

  /** Around what is chosen. */
  #ring(mark: Mark, middle: number): void {
    const path = new Path2D();
    const y = mark.kind === 'in' ? middle - 5 : mark.kind === 'out' ? middle + 5 : middle;
    circle(path, this.#x(mark.at), y, radiusOf(mark) + 3);
    this.#stroke(path, this.#colors.accent, 2);
  }

  #stroke(path: Path2D, color: string, width: number): void {
    this.#pen.strokeStyle = color;
    this.#pen.lineWidth = width;
    this.#pen.stroke(path);
  }
}

const radiusOf = ({ size = 0 }: Mark) => 3 + Math.min(2.5, Math.log10(size + 1) / 1.5);

function circle(path: Path2D, x: number, y: number, radius: number): void {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}

/** What can be chosen. */
export const isMarble = ({ kind }: Mark): boolean =>
  kind === 'in' || kind === 'out' || kind === 'closed' || kind === 'failed' || kind === 'error';

/** The index of the first mark at or behind a time. */
export function firstAfter(marks: readonly Mark[], time: number): number {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as Mark).at < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
