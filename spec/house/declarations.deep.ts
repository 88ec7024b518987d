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

  it('are understood by a TypeScript to which Uint8Array is not generic, as it was before 5.7', () => {
    const found = declarations.filter(([, text]) => /\bUint8Array</.test(text)).map(([path]) => path);
    expect(found).toEqual([]);
  });

  it('declare nothing again that has other type parameters in another Vitest', () => {
    const found = declarations
      .filter(([, text]) => /declare module ['"]vitest/.test(text))
      .map(([path]) => path);
    expect(found).toEqual([]);
  });

  it('ask for nothing of Node in a page, whose TypeScript has the condition that its bundler has', () => {
    const files = new Map(declarations.map(([path, text]) => [`${root}${path}`, text]));
    const options: ts.CompilerOptions = {
      lib: ['lib.es2022.d.ts', 'lib.dom.d.ts'],
      types: [],
      noEmit: true,
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
    };
    const host = ts.createCompilerHost(options);
    const { fileExists, getSourceFile } = host;
    delete host.directoryExists; // where they would be there may be no folder
    host.fileExists = (path) => files.has(path) || (fileExists(path) && !path.startsWith(`${root}dist/`));
    host.getSourceFile = (path, version) => {
      const text = files.get(path);
      return text === undefined ? getSourceFile(path, version) : ts.createSourceFile(path, text, version);
    };
    const doors = ['index', 'websocket/browser', 'testing/index'].map((door) => `${root}dist/${door}.d.ts`);
    const program = ts.createProgram(doors, options, host);
    const read = program.getSourceFiles().filter(({ fileName }) => files.has(fileName));
    expect(read.length).toBeGreaterThan(50);
    expect(
      ts
        .getPreEmitDiagnostics(program)
        .map((one) => `${one.file?.fileName} ${ts.flattenDiagnosticMessageText(one.messageText, ' ')}`),
    ).toEqual([]);
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
