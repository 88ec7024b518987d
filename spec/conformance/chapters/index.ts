import type { Chapter } from '../suite.js';
import { openingChapter } from './01-opening.js';
import { framingChapter } from './02-framing.js';
import { hostileChapter } from './03-hostile-sizes.js';
import { truncationChapter } from './04-truncation.js';
import { handshakeChapter } from './05-handshake.js';
import { slowChapter } from './06-slow-peers.js';
import { pressureChapter } from './07-back-pressure.js';
import { serverChapter } from './08-server.js';
import { clientChapter } from './09-client.js';
import { tlsChapter } from './10-tls.js';
import { reactiveChapter } from './11-reactive.js';
import { leakChapter } from './12-leaks.js';
import { scaleChapter } from './13-scale.js';
import { realPeersChapter } from './14-real-peers.js';
import { otherFramingsChapter } from './15-other-framings.js';

/** In the order of the catalogue. */
export const chapters: readonly Chapter[] = [
  openingChapter,
  framingChapter,
  hostileChapter,
  truncationChapter,
  handshakeChapter,
  slowChapter,
  pressureChapter,
  serverChapter,
  clientChapter,
  tlsChapter,
  reactiveChapter,
  leakChapter,
  scaleChapter,
  realPeersChapter,
  otherFramingsChapter,
];
