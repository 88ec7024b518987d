import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** What the build writes beside the code: each file's name, and its text. */
const declarations = ((): [path: string, text: string][] => {
  const { config } = ts.readConfigFile(`${root}tsconfig.build.json`, ts.sys.readFile);
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const quick = { ...options, declarationMap: false, sourceMap: false, emitDeclarationOnly: true };
  const found: [string, string][] = [];
  const write: ts.WriteFileCallback = (path, text) => found.push([path.slice(path.indexOf('dist/')), text]);
  ts.createProgram(fileNames, quick).emit(undefined, write, undefined, true);
  return found;
})();

describe('the declarations', () => {
  it('are of every door', () => {
    const paths = declarations.map(([path]) => path);
    expect(paths).toEqual(expect.arrayContaining(['dist/index.d.ts', 'dist/testing/index.d.ts']));
  });

  it('have no any', () => {
    const found = declarations.flatMap(([path, text]) => {
      const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022);
      const visit = (node: ts.Node): string[] => [
        ...(node.kind === ts.SyntaxKind.AnyKeyword
          ? [`${path}:${tree.getLineAndCharacterOfPosition(node.pos).line + 1}`]
          : []),
        ...node.getChildren(tree).flatMap(visit),
      ];
      return visit(tree);
    });
    expect(found).toEqual([]);
  });

  it('import by names that end in .js', () => {
    const imports = declarations.flatMap(([path, text]) =>
      [...text.matchAll(/(?:from |import\()['"](\.[^'"]*)['"]/g)].map(
        ([, specifier]) => `${path} ${specifier}`,
      ),
    );
    expect(imports.filter((one) => !one.endsWith('.js'))).toEqual([]);
  });
});
