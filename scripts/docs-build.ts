import { root } from '../spec/helpers/docs-fences.js';
import { buildSite } from './docs-site.js';

/** `npm run docs`: the site, in a folder that git ignores. */
await buildSite(`${root}.cache/site`);
