import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const read = (file: string) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8'));

it('the lock file says what package.json says, so that `npm install` changes nothing', () => {
  const shared =
    'name version bin engines dependencies devDependencies peerDependencies peerDependenciesMeta';
  const of = (from: Record<string, unknown>) => shared.split(' ').map((field) => [field, from[field]]);
  const { packages } = read('package-lock.json');
  expect(of(packages[''])).toEqual(of(read('package.json')));
});
