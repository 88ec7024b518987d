import { describe } from 'vitest';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { anyBytes } from '../contracts/framing-samples.js';
import { talkContract } from '../contracts/framing-talk.js';

// What tinyproto owes of the grid of framings; its own facts stand in specs of their own.

describe('tinyproto', () => {
  talkContract(() => tinyproto(), { anyMessage: anyBytes });
});

describe('tinyproto, pipelined', () => {
  talkContract(() => tinyproto({ window: 8 }), { anyMessage: anyBytes });
});
