import { builtinModules } from 'node:module';
import { posix } from 'node:path';
import ts from 'typescript';

/** Sources by their path below `src/`: `flow/hold.ts` → text. */
export type Sources = ReadonlyMap<string, string>;

/** What one room may import. Types may travel on along arrows (client → connection → framing), values may not. */
export interface Room {
  /** Rooms whose values it may use. */
  readonly uses?: readonly string[];
  /** Rooms of which it may know types only. */
  readonly knows?: readonly string[];
  /** Packages it may import: `rxjs`, `rxjs/testing`, `node:` for all of Node. */
  readonly packages?: readonly string[];
}

export interface House {
  readonly rooms: Readonly<Record<string, Room>>;
  /** Files that may import packages beyond their room's, and why. */
  readonly packagesOf: Readonly<
    Record<string, { readonly packages: readonly string[]; readonly because: string }>
  >;
  /** Rooms where the platform's own time and promises are at home. */
  readonly ownTime: readonly string[];
  /** Files that may use them besides, what exactly, and why. */
  readonly ownTimeOf: Readonly<
    Record<string, { readonly what: readonly string[]; readonly because: string }>
  >;
}

interface Import {
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Everything in the sources that the house does not allow, each as `file:line what is wrong`. */
export function violations(sources: Sources, house: House): string[] {
  const files = [...sources].map(([path, text]) => ({
    path,
    room: roomOf(path),
    tree: ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true),
  }));
  const found = files.flatMap((file) => [
    ...wrongName(file.path),
    ...importsOf(file.tree).flatMap((one) => wrongImport(file.path, one, sources, house)),
    ...defaultExports(file.tree),
    ...(house.ownTime.includes(file.room) ? [] : wrongTime(file.path, file.tree, house)),
  ]);
  const graph = new Map(
    files.map(({ path, tree }) => [
      path,
      importsOf(tree).flatMap(({ specifier }) => targetOf(path, specifier) ?? []),
    ]),
  );
  return [...found, ...circles(graph), ...emptyAllowances(files, house)];
}

/** The room of a file: its folder; a file beside the rooms (`errors.ts`, `index.ts`) is one of its own. */
const roomOf = (path: string): string => path.split('/')[0]?.replace(/\.ts$/, '') ?? path;

function wrongName(path: string): string[] {
  const kebab = /^([a-z0-9]+(-[a-z0-9]+)*\/)*[a-z0-9]+(-[a-z0-9]+)*\.ts$/;
  return kebab.test(path) ? [] : [`${path} is not in kebab-case`];
}

function wrongImport(
  path: string,
  { line, specifier, typeOnly }: Import,
  sources: Sources,
  house: House,
): string[] {
  const room = roomOf(path);
  const at = `${path}:${line}`;
  const rules = house.rooms[room];
  if (!rules) return [`${at} is in no room that the house knows`];

  const target = targetOf(path, specifier);
  if (target === undefined) {
    const allowed = [...(rules.packages ?? []), ...(house.packagesOf[path]?.packages ?? [])];
    const name = builtinModules.includes(specifier) ? `node:${specifier}` : specifier;
    const fits = allowed.some((one) => name === one || (one === 'node:' && name.startsWith(one)));
    return fits ? [] : [`${at} imports ${name}`];
  }
  if (!sources.has(target)) return [`${at} imports ${specifier}, which does not exist`];

  const other = roomOf(target);
  if (other === room || rules.uses?.includes(other)) return [];
  if (typeOnly && reachable(room, house).has(other)) return [];
  return [`${at} (${room}) imports ${typeOnly ? 'a type' : 'a value'} of ${other}`];
}

/** Rooms whose types a room may know: all that lie ahead on its arrows. */
function reachable(room: string, house: House, seen = new Set<string>()): Set<string> {
  for (const next of [...(house.rooms[room]?.uses ?? []), ...(house.rooms[room]?.knows ?? [])]) {
    if (seen.has(next)) continue;
    seen.add(next);
    reachable(next, house, seen);
  }
  return seen;
}

/** The source file that a relative import means, or undefined for a package. */
function targetOf(from: string, specifier: string): string | undefined {
  if (!specifier.startsWith('.')) return undefined;
  return posix.normalize(posix.join(posix.dirname(from), specifier)).replace(/\.js$/, '.ts');
}

function importsOf(tree: ts.SourceFile): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean) => {
    if (!specifier || !ts.isStringLiteralLike(specifier)) return;
    found.push({ line: lineOf(tree, node), specifier: specifier.text, typeOnly });
  };
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node, node.moduleSpecifier, bringsTypesOnly(node));
    else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
      add(node, node.argument.literal, true);
    else if (ts.isCallExpression(node) && isLoad(node.expression)) add(node, node.arguments[0], false);
  });
  return found;
}

const isLoad = (callee: ts.Expression) =>
  callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');

function bringsTypesOnly({ importClause }: ts.ImportDeclaration): boolean {
  if (!importClause) return false;
  if (importClause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = importClause.namedBindings;
  return (
    !importClause.name &&
    named !== undefined &&
    ts.isNamedImports(named) &&
    named.elements.length > 0 &&
    named.elements.every((element) => element.isTypeOnly)
  );
}

function defaultExports(tree: ts.SourceFile): string[] {
  const found: string[] = [];
  walk(tree, (node) => {
    const isDefault =
      ts.isExportAssignment(node) ||
      (ts.isExportSpecifier(node) && node.name.text === 'default') ||
      (ts.canHaveModifiers(node) &&
        ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword) === true);
    if (isDefault) found.push(`${tree.fileName}:${lineOf(tree, node)} is a default export`);
  });
  return found;
}

const platformTime = new Set([
  'setTimeout',
  'setInterval',
  'setImmediate',
  'clearTimeout',
  'clearInterval',
  'clearImmediate',
  'queueMicrotask',
  'firstValueFrom',
  'lastValueFrom',
]);
const platformTimeOf = new Set(['process.nextTick', 'Date.now', 'performance.now']);

/** Uses of time and promises that a `TestScheduler` cannot own. `Promise` as a type is none. */
function wrongTime(path: string, tree: ts.SourceFile, house: House): string[] {
  const allowed = house.ownTimeOf[path]?.what ?? [];
  return ownTimeIn(tree)
    .filter(({ what }) => !allowed.includes(what))
    .map(({ line, what }) => `${path}:${line} uses ${what}`);
}

function ownTimeIn(tree: ts.SourceFile): { line: number; what: string }[] {
  const found: { line: number; what: string }[] = [];
  walk(tree, (node) => {
    const what = ownTimeOf(node);
    if (what) found.push({ line: lineOf(tree, node), what });
  });
  return found;
}

function ownTimeOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node) && platformTime.has(node.text) && !isNameOfMember(node)) return node.text;
  if (ts.isPropertyAccessExpression(node)) {
    const text = node.getText().replace(/^globalThis\./, '');
    if (platformTimeOf.has(text)) return text;
    if (ts.isIdentifier(node.expression) && node.expression.text === 'Promise') return 'Promise';
  }
  if (ts.isNewExpression(node) && ts.isIdentifier(node.expression)) {
    if (node.expression.text === 'Promise') return 'Promise';
    if (node.expression.text === 'Date' && !node.arguments?.length) return 'new Date()';
  }
  if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) return 'await';
  if (ts.isFunctionLike(node) && ts.canHaveModifiers(node)) {
    if (ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword)) return 'async';
  }
  return undefined;
}

/** `scheduler.setTimeout` and `{ setTimeout: … }` name a member; `setTimeout(…)` is the platform's. */
function isNameOfMember(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent))
    return parent.name === node && parent.expression.getText() !== 'globalThis';
  return (
    (ts.isTypeElement(parent) || ts.isClassElement(parent) || ts.isPropertyAssignment(parent)) &&
    parent.name === node
  );
}

/** Each circle once, told from its first file in the alphabet. */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    const start = trail.indexOf(path);
    if (start >= 0) {
      const circle = trail.slice(start);
      const first = circle.indexOf([...circle].sort()[0] as string);
      const turned = [...circle.slice(first), ...circle.slice(0, first)];
      found.add(`${[...turned, turned[0]].join(' → ')} is a circle`);
      return;
    }
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  return [...found];
}

/** An allowance that no file needs any more is a hole: it goes. */
function emptyAllowances(files: readonly { path: string; tree: ts.SourceFile }[], house: House): string[] {
  const trees = new Map(files.map(({ path, tree }) => [path, tree]));
  const packages = Object.entries(house.packagesOf).flatMap(([path, allowance]) => {
    const tree = trees.get(path);
    const used = tree ? importsOf(tree).map(({ specifier }) => specifier) : [];
    return allowance.packages
      .filter((name) => !used.includes(name))
      .map((name) => `${path} may import ${name} and does not`);
  });
  const time = Object.entries(house.ownTimeOf).flatMap(([path, allowance]) => {
    const tree = trees.get(path);
    const used = tree ? ownTimeIn(tree).map(({ what }) => what) : [];
    return allowance.what
      .filter((what) => !used.includes(what))
      .map((what) => `${path} may use ${what} and does not`);
  });
  return [...packages, ...time];
}

const lineOf = (tree: ts.SourceFile, node: ts.Node): number =>
  tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1;

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}
