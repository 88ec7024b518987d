import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What each door gives, a room a line: values first, then types. A new name is a promise; it is added here on purpose. */
const doors: Record<string, string> = {
  'src/index.ts': `
  `,
  'src/transport/index.ts': `
  `,
  'src/testing/index.ts': `
  `,
};

const program = programOf(Object.keys(doors).filter((door) => existsSync(root + door)));
const checker = program.getTypeChecker();

describe.each(Object.entries(doors).filter(([door]) => existsSync(root + door)))('%s', (door, names) => {
  it('gives these names and no others', () => {
    expect(exportsOf(door).map(nameOf).sort()).toEqual(
      names
        .split(/[\s,]+/)
        .filter(Boolean)
        .sort(),
    );
  });

  it('has a docstring on each of them', () => {
    const bare = exportsOf(door).filter(
      (symbol) => original(symbol).getDocumentationComment(checker).length === 0,
    );
    expect(bare.map(nameOf)).toEqual([]);
  });
});

describe('the declarations', () => {
  it('have no any', () => {
    const found: string[] = [];
    for (const [path, text] of declarationsOf(program)) {
      const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
      const visit = (node: ts.Node): void => {
        if (node.kind === ts.SyntaxKind.AnyKeyword) {
          found.push(`${path}:${tree.getLineAndCharacterOfPosition(node.pos).line + 1}`);
        }
        ts.forEachChild(node, visit);
      };
      visit(tree);
    }
    expect(found).toEqual([]);
  });

  it('import by names that end in .js', () => {
    const imports = declarationsOf(program).flatMap(([path, text]) =>
      [...text.matchAll(/(?:from |import\()['"](\.[^'"]*)['"]/g)].map(
        ([, specifier]) => `${path} ${specifier}`,
      ),
    );
    expect(imports.filter((one) => !one.endsWith('.js'))).toEqual([]);
  });
});

function programOf(files: readonly string[]): ts.Program {
  const { config } = ts.readConfigFile(`${root}tsconfig.build.json`, ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files }, ts.sys, root);
  return ts.createProgram(
    files.map((file) => root + file),
    { ...options, declarationMap: false, sourceMap: false, emitDeclarationOnly: true },
  );
}

function exportsOf(door: string): ts.Symbol[] {
  const source = program.getSourceFile(root + door);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${door} is no module`);
  return checker.getExportsOfModule(module);
}

/** The symbol where it was made, behind the re-exports. */
const original = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const nameOf = (symbol: ts.Symbol): string => symbol.name;

function declarationsOf(of: ts.Program): [path: string, text: string][] {
  const found: [string, string][] = [];
  of.emit(undefined, (path, text) => found.push([path.slice(path.indexOf('dist/')), text]), undefined, true);
  return found;
}
