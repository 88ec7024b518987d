import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fencesOf, root } from '../spec/helpers/docs-fences.js';

/** The links of pages that lead nowhere: to a file that is not there, or a heading that its page does not have. */
export function brokenLinks(pages: readonly string[]): string[] {
  return pages.flatMap((page) =>
    linksOf(page).flatMap((link) => {
      const [path = '', heading] = link.split('#');
      const target = path === '' ? page : join(dirname(page), path);
      if (!existsSync(`${root}${target}`)) return [`${page}: ${link} is not there`];
      if (heading === undefined || headingsOf(target).includes(heading)) return [];
      return [`${page}: ${link} has no such heading`];
    }),
  );
}

function linksOf(page: string): string[] {
  const text = withoutFences(page).replace(/`[^`]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) =>
    /^\w+:/.test(link) ? [] : [link],
  );
}

/** The anchors that GitHub gives the headings of a page. */
function headingsOf(page: string): string[] {
  if (!page.endsWith('.md')) return [];
  return [...withoutFences(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
}

function withoutFences(page: string): string {
  const text = readFileSync(`${root}${page}`, 'utf8');
  return fencesOf(text).reduce((rest, fence) => rest.replace(fence.text, ''), text);
}
