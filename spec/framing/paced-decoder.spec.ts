import { lines, PacedDecoder, type Wait } from 'rx-tinyproto';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../helpers/decoded.js';
import { silent } from '../helpers/silent-port.js';

/** A decoder of lines that is paced, and what it asks of its surroundings. How it goes over time stands in spec/connection/pace.spec.ts. */
function paced() {
  const waits: (Wait | 'over' | 'failed')[] = [];
  const traffic = { bytesIn: 0, messagesIn: 0 };
  const machine = new PacedDecoder(lines().open(silent), {
    ...silent,
    settings: { messageTimeoutMs: 1_000 },
    traffic,
    await: (wait, ms) => waits.push(ms === undefined ? 'over' : wait),
    fail: () => waits.push('failed'),
  });
  const receive = (text: string) => {
    traffic.bytesIn += text.length;
    machine.push(bytesOf(text));
    while (machine.read()) traffic.messagesIn++;
    return machine.look(true);
  };
  return { machine, receive, since: () => waits.splice(0) };
}

describe('PacedDecoder', () => {
  it('gives a message its time once it has begun, and the next one its own', () => {
    const { receive, since } = paced();
    receive('a\n');
    expect(since()).toEqual([]);
    receive('b');
    receive('b');
    expect(since()).toEqual(['message']);
    receive('\nc');
    expect(since()).toEqual(['message']);
    receive('\n');
    expect(since()).toEqual(['over']);
  });

  it('gives it as much again where enough has come of it, and fails otherwise', () => {
    const { machine, receive, since } = paced();
    receive('x');
    receive('x'.repeat(16_384));
    since();
    machine.expired('message');
    expect(since()).toEqual(['message']);
    machine.expired('message');
    expect(since()).toEqual(['failed']);
  });

  it('has the road hold the peer where nobody wants more, and counts no time then', () => {
    const { machine, receive, since } = paced();
    expect(receive('a')).toBe(false);
    expect(machine.look(false)).toBe(true);
    expect(since()).toEqual(['message', 'over']);
  });

  it('heeds no deadline but its own', () => {
    const { machine, receive, since } = paced();
    receive('a');
    since();
    machine.expired('answer');
    expect(since()).toEqual([]);
  });
});
