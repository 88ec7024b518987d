import { readFileSync } from 'node:fs';
import { root } from '../spec/helpers/docs-fences.js';

/** Members of a union of names, and the docstring above them: members in a row without one share the one above the first. */
export interface Documented {
  readonly names: readonly string[];
  readonly says: string;
}

export const sourceOf = (path: string): string => readFileSync(`${root}${path}`, 'utf8');

/** The members of a union type of names, each below its docstring. */
export function unionOf(source: string, type: string): Documented[] {
  const start = source.indexOf(`export type ${type} =`);
  if (start < 0) throw new Error(`there is no type ${type}`);
  const found: { names: string[]; says: string }[] = [];
  for (const [token, comment, name] of source.slice(start).matchAll(/\/\*\*([\s\S]*?)\*\/|'([^']+)'|;/g)) {
    if (token === ';') break;
    if (comment !== undefined) found.push({ names: [], says: paragraph(comment) });
    else if (found.length === 0) found.push({ names: [name as string], says: '' });
    else found.at(-1)?.names.push(name as string);
  }
  return found;
}

/** The lines of a docstring that name something and say what it is: `     name   what it is`. */
export function glossaryOf(source: string): Documented[] {
  return [...source.matchAll(/^ \* {5}(\S+) {2,}(.+)$/gm)].map(([, name = '', says = '']) => ({
    names: [name],
    says,
  }));
}

export interface DocumentedClass {
  readonly name: string;
  readonly base: string;
  readonly code: string | undefined;
  readonly says: string;
}

/** The classes of a source that extend one of some bases, each with its docstring, and its `code` if that is fixed. */
export function classesOf(source: string, bases: RegExp): DocumentedClass[] {
  const classes = source.matchAll(
    /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport class (\w+) extends (\w+) \{\n([\s\S]*?)\n\}/g,
  );
  return [...classes].flatMap(([, says = '', name = '', base = '', body = '']) => {
    const [, code] = /readonly code = '([^']+)'/.exec(body) ?? [];
    return bases.test(base) ? [{ name, base, code, says: paragraph(says) }] : [];
  });
}

/** The keys of a table that have a remark above them, in lines of `// …`. */
export function remarksOf(source: string, table: string): Documented[] {
  const body = source.slice(source.indexOf(`export const ${table}`)).split('\n};')[0] ?? '';
  const remarks = body.matchAll(/((?:^ {2}\/\/.*\n)+) {2}'?([\w-]+)'?: \{/gm);
  return [...remarks].map(([, lines = '', name = '']) => ({
    names: [name],
    says: paragraph(lines.replaceAll('//', ' ')),
  }));
}

/** A Markdown table. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const paragraph = (comment: string): string =>
  comment
    .replace(/^\s*\*/gm, ' ')
    .replace(/\s+/g, ' ')
    .trim();
