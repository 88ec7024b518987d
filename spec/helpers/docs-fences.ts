import { readdirSync, readFileSync } from 'node:fs';
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
export function pages(): string[] {
  const below = (folder: string): string[] => {
    try {
      return readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' }).map(
        (path) => `${folder}/${path}`,
      );
    } catch {
      return [];
    }
  };
  const readme = readdirSync(root).filter((name) => name === 'README.md');
  return [...readme, ...below('docs').filter((path) => path.endsWith('.md'))].sort();
}

/** The fences of a page that run: those in `ts`. No marker exists to skip one. */
export const runnableFencesOf = (page: string): Fence[] =>
  fencesOf(readFileSync(`${root}${page}`, 'utf8')).filter(({ language }) => language === 'ts');

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
