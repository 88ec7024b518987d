import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { extname, join, resolve, sep } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** A server of the files of one folder, for this machine; what has no type of its own is text. It listens when you say where. */
export function serveFolder(folder: string): Server {
  const top = resolve(folder);
  return createServer((request, response) => {
    const file = join(top, askedFor(request.url ?? '/'));
    if (!file.startsWith(top + sep)) return void response.writeHead(404).end('not here');
    readFile(file).then(
      (bytes) =>
        response
          .writeHead(200, { 'content-type': types[extname(file)] ?? 'text/plain; charset=utf-8' })
          .end(bytes),
      () => response.writeHead(404).end('not here'),
    );
  });
}

/** The path of a request, for a folder its index. What is no path leads to the folder itself, which is not served. */
const askedFor = (target: string): string => {
  try {
    const path = decodeURIComponent(new URL(`http://localhost${target}`).pathname);
    return path.endsWith('/') ? `${path}index.html` : path;
  } catch {
    return '';
  }
};
