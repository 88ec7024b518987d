import fc from 'fast-check';
import { describe, it } from 'vitest';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { TinyprotoBodies } from '../../src/framing/tinyproto-bodies.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import { StreamingTinyprotoMachine } from '../../src/framing/tinyproto-streaming.js';
import { talkInParts } from '../helpers/talk-in-parts.js';

describe('bodies in parts on tinyproto', () => {
  it.each([1, 2, 8])(
    'come out as they went in, in 20,000 talks: window %i',
    (window) => {
      const options = { window, maxMessageBytes: 100 };
      const rules = { ...rulesOf(options), earlyBytes: 3 };
      const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 });
      fc.assert(
        fc.property(fc.integer(), fc.tuple(sizes, sizes), (seed, both) =>
          talkInParts(
            tinyproto(options),
            (port) =>
              new TinyprotoBodies(
                (end) => new StreamingTinyprotoMachine(rules, end, newConversation()),
                port,
              ),
            seed,
            both,
          ),
        ),
        { numRuns: 20_000 },
      );
    },
    600_000,
  );
});
