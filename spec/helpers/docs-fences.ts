import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A fenced block of a Markdown page. */
export interface Fence {
  readonly language: string;
  /** The line of the page on which its first line of code stands, counted from 1. */
  readonly line: number;
  readonly text: string;
}

/** The root of the repository, with a slash at its end. */
export const root = fileURLToPath(new URL('../../', import.meta.url));

/** The pages whose fences are run and type-checked, by their path below the root. */
export const pages = (): string[] => [
  ...readdirSync(root).filter((name) => name === 'README.md'),
  ...filesBelow('docs', '.md'),
];

/** The sources of the package, whose examples in docstrings are run and type-checked too. */
export const sources = (): string[] => filesBelow('src', '.ts');

export const sourcesWithExamples = (): string[] =>
  sources().filter((source) => runnableFencesOf(source).length > 0);

/** The fences of a page, or of the docstrings of a source, that run: those in `ts`. No marker exists to skip one. */
export function runnableFencesOf(path: string): Fence[] {
  const text = readFileSync(`${root}${path}`, 'utf8');
  return fencesOf(path.endsWith('.ts') ? docstringsOf(text) : text).filter(
    ({ language }) => language === 'ts',
  );
}

/** What the docstrings of a source say, each line where it was. */
export function docstringsOf(source: string): string {
  let inside = false;
  const lines = source.split('\n').map((line) => {
    if (/^\s*\/\*\*/.test(line)) inside = true;
    const said = inside ? line.replace(/^\s*(\/\*\*|\*(?!\/)) ?/, '').replace(/\s*\*\/.*$/, '') : '';
    if (line.includes('*/')) inside = false;
    return said;
  });
  return lines.join('\n');
}

function filesBelow(folder: string, extension: string): string[] {
  if (!existsSync(`${root}${folder}`)) return [];
  const names = readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' });
  return names
    .filter((name) => name.endsWith(extension))
    .map((name) => `${folder}/${name}`)
    .sort();
}

/** All fences of a page, indented ones too. One that is never closed is an error. */
export function fencesOf(markdown: string): Fence[] {
  const found: Fence[] = [];
  let open: { marker: string; indent: number; language: string; line: number; text: string[] } | undefined;

  markdown.split(/\r?\n/).forEach((text, index) => {
    const [, indent = '', marker, info = ''] = /^(\s*)(`{3,}|~{3,})(.*)$/.exec(text) ?? [];
    if (!open) {
      if (!marker || info.includes('`')) return;
      const language = info.trim().split(/\s+/)[0] ?? '';
      open = { marker, indent: indent.length, language, line: index + 2, text: [] };
    } else if (marker?.startsWith(open.marker) && info.trim() === '') {
      found.push({ language: open.language, line: open.line, text: open.text.join('\n') });
      open = undefined;
    } else {
      open.text.push(text.slice(Math.min(open.indent, text.length - text.trimStart().length)));
    }
  });
  if (open) throw new Error(`the fence that begins on line ${open.line - 1} is never closed`);
  return found;
}

/** The code of a fence as a module of its own, each line on the line that it has in the page, so that errors name it. */
export const atItsLine = (fence: Fence): string => `${'\n'.repeat(fence.line - 1)}${fence.text}\n`;

/** Whether the fence is a test file of its own, which declares tests rather than does things. */
export const declaresTests = (fence: Fence): boolean => /from\s+['"]vitest['"]/.test(fence.text);
