import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type TinyprotoOptions, tinyproto } from '../../src/framing/tinyproto.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { TinyprotoMachine } from '../../src/framing/tinyproto-machine.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoPort } from '../../src/framing/tinyproto-port.js';
import { type Theirs, type TheirsEvent, theirs } from '../../src/framing/tinyproto-states.js';

const frames = Uint8Array.of(0, 0, 0, 2, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 3, 1, 2, 3);

const singly = (bytes: Uint8Array) => Array.from(bytes, (byte) => Uint8Array.of(byte));

/** An open machine, and what it has written and where it stands so far. */
function opened(options: TinyprotoOptions) {
  const talk = newConversation();
  const written: number[] = [];
  const failed: unknown[] = [];
  const ignore = () => {};
  const port: TinyprotoPort = {
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
  const stands = () => {
    const {
      life,
      ours,
      theirs,
      due,
      unanswered,
      owed,
      granted,
      unconsumedBytes,
      headers,
      inboxBytes,
      inbox,
    } = talk;
    const counts = [unanswered, granted, unconsumedBytes, headers, inboxBytes];
    return {
      states: [life, ours, theirs, theirs !== 'between' && due],
      counts,
      owed,
      inbox: [...inbox],
      written,
      failed,
    };
  };
  return { machine, written, stands };
}

/** Where a machine stands when these chunks have come; `asking`: while a frame of its own waits for an answer. */
function heard(options: TinyprotoOptions, chunks: readonly Uint8Array[], asking = false) {
  const { machine, stands } = opened(options);
  if (asking) machine.begin(tinyproto().encode(new Uint8Array(5)));
  for (const chunk of chunks) machine.receive(chunk);
  return stands();
}

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

describe('a frame of ours that may follow', () => {
  it('leaves the machine where one that begins does, whatever was said before', () => {
    const size = fc.constantFrom(0, 1, 9);
    const ours = size.map((bytes) => (machine: TinyprotoMachine) => {
      if (machine.canBegin(false)) machine.begin(tinyproto().encode(new Uint8Array(bytes)));
    });
    const theirs = fc
      .constantFrom(
        [0xff],
        [0xff, 0xff],
        [0xfd],
        [0, 0, 0, 0],
        [0, 0, 0, 1, 7],
        Array(6).fill([0, 0, 0, 1, 7]).flat(),
        [0, 0, 0, 2, 7],
        [7],
        [0, 0],
      )
      .map((bytes) => (machine: TinyprotoMachine) => machine.receive(Uint8Array.from(bytes)));
    const consumed = fc.constant((machine: TinyprotoMachine) => {
      if (machine.read()) machine.consumed();
    });
    const script = fc.record({
      acts: fc.array(fc.oneof(ours, theirs, consumed), { maxLength: 8 }),
      last: size,
      options: fc.record({
        inboxSlots: fc.integer({ min: 1, max: 2 }),
        window: fc.constantFrom(1, 2, 4),
        extraSlots: fc.constant(4),
      }),
    });
    let followed = 0;
    fc.assert(
      fc.property(script, ({ acts, last, options }) => {
        const [one, other] = [opened(options), opened(options)];
        for (const act of acts) for (const { machine } of [one, other]) act(machine);
        const frame = tinyproto().encode(new Uint8Array(last));
        if (!one.machine.canBegin(false) || !one.machine.follow(frame)) return;
        followed++;
        // Whoever lets it follow writes it.
        one.written.push(...frame.head, ...frame.body);
        other.machine.begin(frame);
        expect(one.stands()).toEqual(other.stands());
      }),
      { numRuns: 2_000 },
    );
    expect(followed).toBeGreaterThan(20);
  });
});
