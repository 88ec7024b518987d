import { readdirSync } from 'node:fs';

/** `npm run example -- echo server`: runs `examples/echo/main.ts` with the arguments `server`. */
const [name = '', ...rest] = process.argv.slice(2);
const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((folder) => folder.name);

if (!names.includes(name)) {
  console.error('usage: npm run example -- <name> [arguments], as in: npm run example -- echo server\n');
  console.error(`The names are ${names.join(', ')}.`);
  process.exitCode = 1;
} else {
  process.argv.splice(2, Infinity, ...rest);
  await import(`./${name}/main.js`);
}
