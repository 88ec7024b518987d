import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FramingPort } from '../../src/framing/framing.js';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import { type Theirs, type TheirsEvent, theirs } from '../../src/framing/tinyproto-states.js';

const frames = Uint8Array.of(0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 3, 1, 2, 3);

const singly = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));

/** What a machine has written, and where it stands, when these chunks have come; `asking`: while a frame of its own waits for an answer. */
const heard = (options: TinyprotoOptions, chunks: readonly Uint8Array[], asking = false) => {
  const talk = newConversation();
  const written: number[] = [];
  const failed: unknown[] = [];
  const ignore = () => {};
  const port: FramingPort = {
    write: (bytes) => void written.push(...bytes),
    opened: ignore,
    outcome: ignore,
    fail: ({ code }, { reset }) => void failed.push([code, reset]),
    await: ignore,
    settle: ignore,
  };
  const machine = new TinyprotoMachine(rulesOf(options), port, talk);
  machine.start();
  machine.receive(Uint8Array.of(0xff));
  if (asking) machine.begin(tinyproto().encode(new Uint8Array(5)));
  for (const chunk of chunks) machine.receive(chunk);
  const { life, ours, owed, granted, unconsumedBytes, headers, inboxBytes, inbox } = talk;
  return {
    stands: [life, ours, talk.theirs, granted, unconsumedBytes, headers, inboxBytes],
    owed,
    inbox: [...inbox],
    written,
    failed,
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
    for (const inboxSlots of [1, 2, 3, 4, 8])
      expect(heard({ inboxSlots }, [frames])).toEqual(heard({ inboxSlots }, singly(frames)));
  });

  it('does so with whatever limits, beside whatever of ours, and when its payload looks like frames and signals', () => {
    const payload = fc.array(fc.constantFrom(0, 1, 2, 5, 0xfd, 0xff), { maxLength: 7 });
    const conversation = fc.record({
      // A header of what is refused has nothing behind it.
      frames: fc.array(
        fc.oneof(
          payload.map((each) => [0, 0, 0, each.length, ...each]),
          fc.constant([0, 2, 0, 0]),
        ),
        {
          maxLength: 6,
        },
      ),
      asking: fc.boolean(),
      options: fc.record({
        inboxSlots: fc.integer({ min: 1, max: 3 }),
        maxMessageBytes: fc.integer({ min: 0, max: 7 }),
        maxUnconsumedBytes: fc.integer({ min: 0, max: 9 }),
        duplex: fc.constantFrom('full' as const, 'half' as const),
      }),
    });
    fc.assert(
      fc.property(conversation, ({ frames, asking, options }) => {
        const bytes = Uint8Array.from(frames.flat());
        expect(heard(options, [bytes], asking)).toEqual(heard(options, singly(bytes), asking));
      }),
      { numRuns: 500 },
    );
  });
});
