import { marbles } from 'rx-tinyproto/testing';
import { test } from 'vitest';
import { options, shout } from './shout.js';

test(
  'a server that shouts goes as it was recorded',
  marbles(({ listen, run, peer, expectBytes }) => {
    run(shout(listen('server:1', options)));
    const peer1 = peer('server:1').sends("'hello\n'").answers(6, "-------'who is there?\n'").answers(20, '|');
    expectBytes(peer1, { anytime: true }).toBe("'HELLO\n'------'WHO IS THERE?\n'|");
    const peer2 = peer('server:1').sends('----<69 74 27 73 20 6d 65 0a>').answers(8, '|');
    expectBytes(peer2, { anytime: true }).toBe('<49 54 27 53 20 4d 45 0a>|');
  }),
);
