import type { ObservableNotification } from 'rxjs';
import { bytesOfHex } from '../../testing/bytes.js';
import { drawScene } from '../../testing/draw.js';
import type { Scene, Row as SceneRow } from '../../testing/scene.js';
import { drawSvg } from '../../testing/svg.js';
import type { Mark } from '../batch.js';
import type { View } from './lanes.js';
import type { Row } from './store.js';

/** So many rows, and so many marbles of each, make a picture that can be read. */
const rowsShown = 12;
const marksShown = 60;

/** What is in view, as a scene of marbles: the chosen connection, or the first of them. */
export function sceneOf(rows: readonly Row[], { from, to }: View): Scene {
  const shown = rows.slice(0, rowsShown).map((row) => ({
    name: row.name,
    marks: row.marks.filter(({ at }) => at >= from && at <= to),
  }));
  const start = Math.min(to, ...shown.flatMap(({ marks }) => marks.slice(0, 1).map(({ at }) => at)));
  return {
    title: `${Math.round(start)} ms after the start`,
    rows: shown.flatMap(({ name, marks }): SceneRow[] => [
      {
        name: `${name} →`,
        kind: 'received',
        marks: timed(marks, start, ['in', 'failed', 'closed', 'error']),
      },
      { name: `${name} ←`, kind: 'source', marks: timed(marks, start, ['out']) },
    ]),
  };
}

function timed(marks: readonly Mark[], start: number, kinds: readonly Mark['kind'][]): SceneRow['marks'] {
  return marks
    .filter(({ kind }) => kinds.includes(kind))
    .slice(0, marksShown)
    .map((mark) => ({ frame: mark.at - start, notification: notificationOf(mark) }));
}

function notificationOf({ kind, hex = '', note }: Mark): ObservableNotification<unknown> {
  if (kind === 'closed') return { kind: 'C' };
  if (kind === 'failed') return { kind: 'N', value: new Error(note) };
  if (kind === 'error') return { kind: 'E', error: note };
  return { kind: 'N', value: bytesOfHex(hex) };
}

export const asSvg = (scene: Scene): string => drawSvg(scene, { width: 1_200 });
export const asMarbles = (scene: Scene): string => `${drawScene(scene)}\n`;

/** Hands a text to the visitor as a file. */
export function save(name: string, type: string, text: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
