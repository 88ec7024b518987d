import type { Mark } from '../batch.js';
import {
  firstAfter,
  heightOf,
  isMarble,
  laneHeight,
  laneOf,
  type Marble,
  placeOf,
  radiusOf,
  rulerHeight,
  type Stretch,
  ticksOf,
} from './lane.js';
import type { Row, View } from './store.js';

/** A marble, and its row. */
export interface Chosen {
  readonly row: Row;
  readonly mark: Mark;
}

const named = ['ground', 'stripe', 'ink', 'faint', 'line', 'in', 'out', 'flow', 'error', 'accent'] as const;

type Colors = Readonly<Record<(typeof named)[number], string>>;

/** The colours as the style has them now: light or dark. `light-dark` is resolved by an element, not by a property. */
function readColors(probe: HTMLElement): Colors {
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
    for (let index = first; index <= last; index++) this.#stripe(index);
    this.#grid(height);
    for (let index = first; index <= last; index++) this.#lane(rows[index] as Row, index, chosen);
    this.#ruler();
  }

  /** The marble nearest to a place, if one is near. */
  hit(rows: readonly Row[], x: number, y: number): Chosen | undefined {
    const index = Math.floor((y + this.#scroll - rulerHeight) / laneHeight);
    const row = rows[index];
    if (!row || y < rulerHeight) return undefined;
    const farOf = (mark: Mark) =>
      Math.hypot(this.#x(mark.at) - x, this.#top(index) + laneHeight / 2 + heightOf(mark) - y);
    const near = row.marks
      .slice(firstAfter(row.marks, this.#view.from - 1_000))
      .filter((mark) => isMarble(mark) && farOf(mark) < 16)
      .sort((one, other) => farOf(one) - farOf(other));
    return near[0] && { row, mark: near[0] };
  }

  #x(at: number): number {
    return placeOf(at, this.#view, this.#width);
  }

  #top(index: number): number {
    return rulerHeight + index * laneHeight - this.#scroll;
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

  #stripe(index: number): void {
    this.#pen.fillStyle = this.#colors.stripe;
    if (index % 2 === 1) this.#pen.fillRect(0, this.#top(index), this.#width, laneHeight);
  }

  #grid(height: number): void {
    this.#pen.fillStyle = this.#colors.line;
    this.#pen.globalAlpha = 0.5;
    for (const at of ticksOf(this.#view)) this.#pen.fillRect(Math.round(this.#x(at)), rulerHeight, 1, height);
    this.#pen.globalAlpha = 1;
  }

  /** Above the lanes, which may be scrolled below it. */
  #ruler(): void {
    const pen = this.#pen;
    pen.fillStyle = this.#colors.ground;
    pen.fillRect(0, 0, this.#width, rulerHeight - 1);
    pen.fillStyle = this.#colors.line;
    pen.fillRect(0, rulerHeight - 1, this.#width, 1);
    pen.font = '11px system-ui, sans-serif';
    pen.textAlign = 'center';
    for (const at of ticksOf(this.#view)) {
      const x = Math.round(this.#x(at));
      pen.fillStyle = this.#colors.line;
      pen.fillRect(x, rulerHeight - 6, 1, 6);
      pen.fillStyle = this.#colors.faint;
      if (x > 18 && x < this.#width - 18) pen.fillText(`${at / 1_000} s`, x, 15);
    }
  }

  #lane(row: Row, index: number, chosen: Chosen | undefined): void {
    const pen = this.#pen;
    const middle = this.#top(index) + laneHeight / 2;
    const mark = chosen?.row === row ? chosen.mark : undefined;
    const { from, to, opened, stretches, marbles } = laneOf(row, this.#view, this.#width, mark);
    pen.fillStyle = this.#colors.line;
    if (to > from) pen.fillRect(from, middle - 0.5, to - from, 1);
    pen.fillStyle = this.#colors.faint;
    if (opened !== undefined) pen.fillRect(opened - 1, middle - 4, 2, 8);
    this.#stretches(stretches, middle);
    this.#marbles(marbles, middle);
    if (mark) this.#ring(mark, middle);
  }

  #stretches(stretches: readonly Stretch[], middle: number): void {
    this.#pen.fillStyle = this.#colors.flow;
    for (const { kind, from, to } of stretches) {
      this.#pen.globalAlpha = kind === 'held' ? 0.8 : 1;
      if (kind === 'held') this.#pen.fillRect(from, middle - 3, to - from, 6);
      else this.#pen.fillRect(from, middle + 11, to - from, 2);
    }
    this.#pen.globalAlpha = 1;
  }

  /** Those of a kind are one path: thousands of single ones would take longer than a frame. */
  #marbles(marbles: readonly Marble[], middle: number): void {
    const came = new Path2D();
    const sent = new Path2D();
    const ends = new Path2D();
    const errors = new Path2D();
    for (const { mark, x } of marbles) {
      if (mark.kind === 'in') circle(came, x, middle + heightOf(mark), radiusOf(mark));
      else if (mark.kind === 'out') circle(sent, x, middle + heightOf(mark), radiusOf(mark));
      else if (mark.kind === 'closed') ends.addPath(new Path2D(`M${x} ${middle - 8}v16`));
      else errors.addPath(new Path2D(`M${x - 5} ${middle - 5}l10 10m0-10l-10 10`));
    }
    this.#pen.fillStyle = this.#colors.in;
    this.#pen.fill(came);
    this.#stroke(sent, this.#colors.out, 2);
    this.#stroke(ends, this.#colors.ink, 2);
    this.#stroke(errors, this.#colors.error, 2.5);
  }

  /** Around what is chosen. */
  #ring(mark: Mark, middle: number): void {
    const path = new Path2D();
    circle(path, this.#x(mark.at), middle + heightOf(mark), radiusOf(mark) + 3);
    this.#stroke(path, this.#colors.accent, 2);
  }

  #stroke(path: Path2D, color: string, width: number): void {
    this.#pen.strokeStyle = color;
    this.#pen.lineWidth = width;
    this.#pen.stroke(path);
  }
}

function circle(path: Path2D, x: number, y: number, radius: number): void {
  path.moveTo(x + radius, y);
  path.arc(x, y, radius, 0, 2 * Math.PI);
}
