import { describe, expect, it } from 'vitest';
import type { FramingPort } from '../../src/framing/framing.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import { type Theirs, type TheirsEvent, theirs } from '../../src/framing/tinyproto-states.js';

const frames = Uint8Array.of(0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 3, 1, 2, 3);

/** What a machine with so many slots has written, and where it stands, when these chunks have come. */
const heard = (inboxSlots: number, chunks: readonly Uint8Array[]) => {
  const talk = newConversation();
  const written: number[] = [];
  const ignore = () => {};
  const port: FramingPort = {
    write: (bytes) => void written.push(...bytes),
    opened: ignore,
    outcome: ignore,
    fail: ignore,
    await: ignore,
    settle: ignore,
  };
  const machine = new TinyprotoMachine(rulesOf({ inboxSlots }), port, talk);
  machine.start();
  machine.receive(Uint8Array.of(0xff));
  for (const chunk of chunks) machine.receive(chunk);
  const { life, ours, owed, granted, unconsumedBytes, headers, inboxBytes, inbox } = talk;
  return {
    stands: [life, ours, talk.theirs, granted, unconsumedBytes, headers, inboxBytes],
    owed,
    inbox: [...inbox],
    written,
  };
};

describe('a frame that is here whole', () => {
  it('goes from `between` to `between`, and does what is done in one step', () => {
    const events: TheirsEvent[] = ['begins', 'message', 'whole'];
    const did: string[] = [];
    const end = events.reduce<Theirs>((state, event) => {
      const step = theirs[state][event];
      did.push(...(step?.do ?? []));
      return step?.next ?? 'skipped';
    }, 'between');
    expect([end, ...did]).toEqual(['between', 'oweOk', 'answer', 'deliver']);
  });

  it('leaves the machine where its bytes one by one do, be there room for all, for some or for one', () => {
    const singly = Array.from(frames, (byte) => Uint8Array.of(byte));
    for (const slots of [1, 2, 3, 4, 8]) expect(heard(slots, [frames])).toEqual(heard(slots, singly));
  });
});
