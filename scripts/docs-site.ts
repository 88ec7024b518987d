import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';
import {
  Application,
  Converter,
  type DeclarationReflection,
  type DocumentReflection,
  KindRouter,
  type Reflection,
  ReflectionKind,
  TSConfigReader,
  TypeDocReader,
} from 'typedoc';
import { root } from '../spec/helpers/docs-fences.js';

/** The pages in the order in which one reads them. One that is named nowhere here comes last in its group. */
const groups: Readonly<Record<string, readonly string[]>> = {
  Guide: [
    ...['guide', 'bodies', 'directions', 'reconnect', 'broadcast', 'relay', 'testing', 'performance'],
    ...['limits', 'tls', 'observing', 'scaling', 'websocket', 'dashboard', 'file-transfer', 'nestjs'],
    ...['command-line', 'coming-from-tinyproto', '*'],
  ].map((name) => `docs/${name}.md`),
  Framings: ['docs/framings/README.md', 'docs/framings/*.md'],
  Reference: ['docs/errors.md', 'docs/states.md', 'docs/conformance.md', 'docs/soak.md', 'docs/decisions.md'],
  Project: ['examples/README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md'],
};

/** Each page and its group: those that are named, and where there is a `*`, the others of its folder. */
function pagesInOrder(): Map<string, string> {
  const named = new Set(Object.values(groups).flat());
  const othersOf = (folder: string) =>
    readdirSync(root + folder)
      .map((name) => folder + name)
      .filter((page) => page.endsWith('.md') && !named.has(page));
  const found = Object.entries(groups).flatMap(([group, entries]) =>
    entries
      .flatMap((entry) => (entry.endsWith('/*.md') ? othersOf(entry.replace('*.md', '')) : [entry]))
      .filter((page) => existsSync(root + page))
      .map((page) => [page, group] as const),
  );
  return new Map(found);
}

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types?: string }>>;
}

/** The sources behind the doors of the package, each with the name by which one imports it. */
function doors(): Map<string, string> {
  const { exports } = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Manifest;
  const found = Object.entries(exports).flatMap(([door, target]) => {
    const types = typeof target === 'string' ? undefined : target.types;
    if (types === undefined) return [];
    const source = types.replace('./dist/', 'src/').replace('.d.ts', '.ts');
    return [[source, door.replace('.', 'rx-tinyproto')] as const];
  });
  return new Map(found);
}

const pathOf = (reflection: Reflection): string =>
  relative(root, reflection.project.files.getReflectionPath(reflection) ?? root);

/** A page keeps its address from the repository: `docs/guide.md` is at `docs/guide.html`. */
class PageRouter extends KindRouter {
  protected override getIdealBaseName(target: Reflection): string {
    return target.isDocument() ? pathOf(target).replace(/\.md$/, '') : super.getIdealBaseName(target);
  }
}

/**
 * Builds the static site into a folder: README as the front page, the pages of `docs/`, and the reference of every door from the docstrings.
 * A link that leads nowhere, or any other warning, is a failure. `typedoc.json` has what needs no program.
 */
export async function buildSite(out: string): Promise<void> {
  const pages = pagesInOrder();
  const names = doors();
  const app = await Application.bootstrap(
    { entryPoints: [...names.keys()], projectDocuments: [...pages.keys()], router: 'pages' },
    [new TypeDocReader(), new TSConfigReader()],
  );
  app.renderer.defineRouter('pages', PageRouter);
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, page: DocumentReflection) => {
    const path = pathOf(page);
    page.name = /^# (.+)$/m.exec(readFileSync(`${root}${path}`, 'utf8'))?.[1] ?? page.name;
    page.frontmatter.group = pages.get(path);
  });
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, module: DeclarationReflection) => {
    if (module.kindOf(ReflectionKind.Module)) module.name = names.get(pathOf(module)) ?? module.name;
  });
  const project = await app.convert();
  if (project === undefined) throw new Error('the sources do not compile');
  app.validate(project);
  await app.generateDocs(project, out);
  const { errorCount, warningCount } = app.logger;
  if (errorCount + warningCount > 0) throw new Error('the site has warnings: see above');
}
