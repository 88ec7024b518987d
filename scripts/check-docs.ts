import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import {
  atItsLine,
  pages,
  root,
  runnableFencesOf,
  sourcesWithExamples,
} from '../spec/helpers/docs-fences.js';

/** Type-checks the fences of the pages and of the docstrings: each becomes a module under `.cache/docs`, its lines where they are in the page. */

const folder = `${root}.cache/docs`;
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });

let count = 0;
for (const page of [...pages(), ...sourcesWithExamples()]) {
  for (const fence of runnableFencesOf(page)) {
    writeFileSync(`${folder}/${page.replaceAll('/', '~')}~${fence.line}.ts`, atItsLine(fence));
    count += 1;
  }
}

if (count > 0) {
  writeFileSync(
    `${folder}/tsconfig.json`,
    JSON.stringify({ extends: '../../tsconfig.json', include: ['*.ts'] }),
  );
  try {
    const tsc = `${root}node_modules/typescript/bin/tsc`;
    execFileSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
      cwd: folder,
      encoding: 'utf8',
    });
  } catch (error) {
    const { stdout } = error as { stdout: string };
    // README.md~12.ts(14,3) is README.md:14:3
    console.error(
      stdout.replace(
        /^(\S+\.(?:md|ts))~\d+\.ts\((\d+),(\d+)\)/gm,
        (_, page: string, line: string, column: string) => {
          return `${page.replaceAll('~', '/')}:${line}:${column}`;
        },
      ),
    );
    process.exitCode = 1;
  }
}
if (process.exitCode !== 1) console.log(`${count} fences of the docs type-check`);
