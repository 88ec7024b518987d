import { lifecycle } from '../spec/connection/lifecycle.js';
import { life, oursInFullDuplex, theirs } from '../src/framing/tinyproto-states.js';
import { type Documented, glossaryOf, remarksOf, sourceOf, tableOf, unionOf } from './docs-source.js';

/** A cell of any of the tables. */
interface Cell {
  readonly next?: string;
  readonly do?: readonly string[];
  readonly fail?: string;
}

type Table = Readonly<Record<string, Readonly<Record<string, Cell | undefined>>>>;

export function stateBlocks(): Record<string, string> {
  const handshake = sourceOf('src/framing/tinyproto-states.ts');
  const block = (table: Table, name: string, events: string) =>
    [
      diagramOf(table),
      'States:',
      listOf(remarksOf(handshake, name)),
      'Events:',
      listOf(unionOf(handshake, events)),
      cellsOf(table),
    ].join('\n\n');
  return {
    lifecycle: [
      diagramOf(withCells(lifecycle)),
      listOf(glossaryOf(sourceOf('spec/connection/lifecycle.ts'))),
    ].join('\n\n'),
    'handshake-life': block(life, 'life', 'LifeEvent'),
    'handshake-ours': block(oursInFullDuplex, 'oursInFullDuplex', 'OursEvent'),
    'handshake-theirs': block(theirs, 'theirs', 'TheirsEvent'),
    'handshake-actions': listOf(unionOf(handshake, 'Action')),
  };
}

/** What changes the state, as a diagram. What fails ends in the one state without a name. */
function diagramOf(table: Table): string {
  const arrows = new Map<string, string[]>();
  for (const [state, cells] of Object.entries(table)) {
    for (const [event, cell] of Object.entries(cells)) {
      if (!cell || (cell.next === state && !cell.fail)) continue;
      const arrow = `${idOf(state)} --> ${cell.next ? idOf(cell.next) : '[*]'}`;
      arrows.set(arrow, [...(arrows.get(arrow) ?? []), event]);
    }
  }
  const names = Object.keys(table).filter((state) => idOf(state) !== state);
  return [
    '```mermaid',
    'stateDiagram-v2',
    ...names.map((state) => `  state "${state}" as ${idOf(state)}`),
    `  [*] --> ${idOf(Object.keys(table)[0] as string)}`,
    ...[...arrows].map(([arrow, events]) => `  ${arrow}: ${events.join(', ')}`),
    '```',
  ].join('\n');
}

/** Every cell that does something, a row each. */
function cellsOf(table: Table): string {
  const rows = Object.entries(table).flatMap(([state, cells]) =>
    Object.entries(cells).flatMap(([event, cell]) => {
      if (!cell || (cell.next === state && !cell.do && !cell.fail)) return [];
      const deeds = (cell.do ?? []).map((action) => `\`${action}\``).join(', ');
      return [[state, `\`${event}\``, deeds, cell.next ?? `fails: \`${cell.fail}\``]];
    }),
  );
  return tableOf(['in', 'on', 'do', 'and be'], rows);
}

const listOf = (documented: readonly Documented[]): string =>
  documented
    .map(({ names, says }) => `- ${names.map((name) => `\`${name}\``).join(', ')}: ${says}`)
    .join('\n');

/** The lifecycle names next states only. */
const withCells = (table: Readonly<Record<string, Readonly<Record<string, string>>>>): Table =>
  Object.fromEntries(
    Object.entries(table).map(([state, cells]) => [
      state,
      Object.fromEntries(Object.entries(cells).map(([event, next]) => [event, { next }])),
    ]),
  );

const idOf = (state: string): string => state.replaceAll('-', '_');
