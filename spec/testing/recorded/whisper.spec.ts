import { marbles } from 'rx-tinyproto/testing';
import { test } from 'vitest';
import { options, whispers } from './shout.js';

test(
  'a client that whispers goes as it was recorded',
  marbles(({ connect, run, accepts, expectBytes }) => {
    const peer1 = accepts('server:1').answers(5, "'HUSH\n'").answers(10, "'HUSH\n'").answers(16, "'HUSH\n'|");
    expectBytes(peer1, { anytime: true }).toBe("'hush\nhush\nhush\n'|");
    run(whispers(connect('server:1', options)));
  }),
);
