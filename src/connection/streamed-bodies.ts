import type { Codec } from '../codec/codec.js';
import { BodyCore } from './body-core.js';
import type { BodiesKind } from './options.js';

export const streamedBodies: BodiesKind = ({ name, streams }, { bodies, codec }) => {
  if (bodies !== 'stream') throw new TypeError(`bodies is 'stream', or absent, not ${String(bodies)}`);
  if (codec !== undefined) throw new TypeError('A codec needs whole messages, and bodies are to be streams');
  if (streams === undefined) throw new TypeError(`${name} cannot carry bodies as streams`);
  return { Core: BodyCore, codec: asTheyAre };
};

/** Bodies are what they are. */
const asTheyAre = {
  encode: (message: never) => message,
  decode: (message: unknown) => message as never,
} as Codec<never, never>;
