import type { Timed } from './diagram.js';
import type { Site } from './marble-error.js';

/** What a row of a scene shows. */
export type RowKind = 'source' | 'wire' | 'faults' | 'flow' | 'expected' | 'received' | 'span';

/** One line of a scene: what happened when. */
export interface Row {
  readonly name: string;
  readonly kind: RowKind;
  /** In the order of time. Grows while the scene is played. */
  readonly marks: readonly Timed[];
}

/** Rows on one ruler, causes above effects. */
export interface Scene {
  readonly title?: string;
  readonly rows: readonly Row[];
}

/** An expectation: what came, and what was drawn. */
export interface Expectation {
  readonly name: string;
  readonly actual: readonly Timed[];
  /** Absent as long as no matcher was called. */
  expected?: readonly Timed[];
  /** Where the matcher was called, or else the expectation was made. */
  site: Site | undefined;
}

/** What a scene is made of while it is played. */
export interface Stage {
  readonly rows: Row[];
  readonly expectations: Expectation[];
}

/** Something that happens and has a name of its own: its letter in the diagram, and what that stands for. */
export class Named {
  constructor(
    readonly letter: string,
    readonly text: string,
  ) {}
}

/** The scene of a test that passes: what was expected is what came. */
export function passedScene(stage: Stage): Scene {
  const passed = stage.expectations.map(
    ({ name, actual }): Row => ({ name, kind: 'expected', marks: actual }),
  );
  return { rows: [...sceneOf({ ...stage, expectations: [] }).rows, ...passed] };
}

/** The rows of a stage, as a scene: sources and the road above, then each expectation as a pair. */
export function sceneOf({ rows, expectations }: Stage, title?: string): Scene {
  const pairs = expectations.flatMap(({ name, actual, expected }): Row[] => [
    ...(expected ? [{ name: `${name} expected`, kind: 'expected', marks: expected } as const] : []),
    { name: `${name} received`, kind: 'received', marks: actual },
  ]);
  return {
    ...(title === undefined ? {} : { title }),
    rows: [...rows.filter(({ marks }) => marks.length > 0), ...pairs],
  };
}
