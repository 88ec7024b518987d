// What `node:cluster` is in the pages of the docs: a page forks nobody, and takes itself for a worker.
// biome-ignore lint/style/noDefaultExport: it stands in for a module whose only export that is
export { cluster as default };

const cluster = {
  isPrimary: false,
  fork() {
    throw new Error('A page forks nobody');
  },
};
