import { readFileSync, writeFileSync } from 'node:fs';
import { finalize, type MonoTypeOperatorFunction, Observable } from 'rxjs';
import { drawScene } from '../testing/draw.js';
import { drawSvg } from '../testing/svg.js';
import { readRecorded } from './read-recorded.js';
import { type Stage, tell } from './stage.js';
import { type Recorded, type Tape, writeRecorded } from './tape.js';
import { UsageError } from './usage-error.js';

/** Writes a recording to its file when the work ends. Tries it at once, so that a path that cannot be is an error before anything is said. */
export function kept(tape: Tape, path: string, stage: Stage): <T>(work$: Observable<T>) => Observable<T> {
  return (work$) =>
    new Observable((subscriber) => {
      writeFileSync(path, fileOf(tape, path));
      return work$
        .pipe(finalizing(() => writeFileSync(path, fileOf(tape, path)), stage))
        .subscribe(subscriber);
    });
}

function finalizing<T>(last: () => void, stage: Stage): MonoTypeOperatorFunction<T> {
  return finalize(() => {
    try {
      last();
    } catch (error) {
      tell(stage, `The recording is not kept: ${(error as Error).message}`);
    }
  });
}

/** A picture in a file that is called so, else text; either holds what `replay` needs. */
export function fileOf(tape: Tape, path: string): string {
  const scene = tape.scene();
  const data = writeRecorded(tape);
  if (!path.endsWith('.svg')) return `${drawScene(scene)}\n\n${data}\n`;
  const moments = new Set(tape.said.map(({ ms }) => ms)).size;
  const picture = drawSvg(scene, { width: Math.min(Math.max(600, moments * 90), 20_000) });
  return picture.replace(/<\/svg>\s*$/, `<metadata>\n${escaped(data)}\n</metadata>\n</svg>\n`);
}

/** JSON as XML may hold it. */
const escaped = (json: string) =>
  json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`);

export function recordedIn(path: string): Recorded {
  try {
    return readRecorded(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new UsageError(`${path}: ${(error as Error).message}`);
  }
}
