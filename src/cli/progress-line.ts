import { asyncScheduler, defer, type MonoTypeOperatorFunction, tap } from 'rxjs';
import type { Progress } from '../files/index.js';
import { inked } from './colors.js';
import type { Output, Stage } from './stage.js';

/** Draws how far a file has come, on a terminal, on one line that is drawn over; elsewhere nothing. */
export function drawn(name: string, { err }: Pick<Stage, 'err'>): MonoTypeOperatorFunction<Progress> {
  if (!err.isTerminal) return (progress$) => progress$;
  return (progress$) =>
    defer(() => {
      const start = asyncScheduler.now();
      let next = start;
      const draw = (progress: Progress) => {
        const now = asyncScheduler.now();
        if (now < next && progress.bytes < progress.size) return;
        next = now + 100;
        err.write(`\r${lineOf(name, progress, (now - start) / 1_000, err)}\u001b[K`).subscribe();
      };
      const clear = () => err.write('\r\u001b[K').subscribe();
      return progress$.pipe(tap({ next: draw, complete: clear, error: clear, unsubscribe: clear }));
    });
}

/**
 * One line that fits the terminal.
 *
 *     backup.tar   42 % ████████░░░░░░░░░░░░  430 MB of 1.02 GB  213 MB/s  0:03 left
 */
export function lineOf(
  name: string,
  { bytes, size, resumedFrom }: Progress,
  seconds: number,
  output: Output,
): string {
  const part = size === 0 ? 1 : bytes / size;
  const rate = seconds > 0 ? (bytes - resumedFrom) / seconds : 0;
  const left = rate > 0 ? `  ${clock((size - bytes) / rate)} left` : '';
  const figures = `${`${Math.floor(part * 100)}`.padStart(4)} %`;
  const rest = `  ${inBytes(bytes)} of ${inBytes(size)}  ${inBytes(rate)}/s${left}`;
  const room = output.columns - 1 - figures.length - rest.length - 2;
  const bar = Math.min(20, Math.max(0, room - 8));
  const full = Math.round(bar * part);
  const shown = room < 4 ? '' : cutTo(name, room - bar);
  return `${shown}${figures} ${inked(output, 'green', '█'.repeat(full))}${'░'.repeat(bar - full)}${rest}`;
}

const cutTo = (name: string, width: number) =>
  name.length > width ? `${name.slice(0, Math.max(0, width - 1))}…` : name;

const units = ['B', 'kB', 'MB', 'GB', 'TB'];

/** A number of bytes as a reader wants it, in three digits: `1.07 GB`. */
export function inBytes(bytes: number): string {
  const power = Math.min(units.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(bytes, 1)) / 3)));
  const value = bytes / 1_000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[power]}`;
}

/** Seconds as `m:ss` or `h:mm:ss`. */
function clock(seconds: number): string {
  const whole = Math.ceil(seconds);
  const pad = (value: number) => `${value}`.padStart(2, '0');
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${pad(minutes)}:${pad(rest)}` : `${minutes}:${pad(rest)}`;
}
