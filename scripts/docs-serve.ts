import type { AddressInfo } from 'node:net';
import { root } from '../spec/helpers/docs-fences.js';
import { serveFolder } from './serve-folder.js';

/** `npm run docs:serve [port]`: what `npm run docs` built, on this machine. */
const server = serveFolder(`${root}.cache/site`);
server.listen(Number(process.argv[2] ?? 8000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`http://127.0.0.1:${port}/ (Ctrl-C ends it)`);
});
