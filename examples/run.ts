/** `npm run example -- echo server`: runs `examples/echo/main.ts` with the arguments `server`. */
const [name, ...rest] = process.argv.slice(2);

if (!name || !/^[a-z-]+$/.test(name)) {
  console.error('usage: npm run example -- <name> [arguments], as in: npm run example -- echo server');
  process.exitCode = 1;
} else {
  process.argv.splice(2, Infinity, ...rest);
  await import(`./${name}/main.js`);
}
