import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ProtocolError } from '../../src/errors.js';
import { lengthPrefixed } from '../../src/framing/length-prefixed.js';
import { COLLECTED_BYTES } from '../../src/framing/limits.js';
import { lines } from '../../src/framing/lines.js';
import { streamingMachines } from '../../src/framing/streaming-machines.js';
import { tinyproto } from '../../src/framing/tinyproto.js';
import { TinyprotoBodies } from '../../src/framing/tinyproto-bodies.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { rulesOf } from '../../src/framing/tinyproto-options.js';
import { StreamingTinyprotoMachine } from '../../src/framing/tinyproto-streaming.js';
import { varintPrefixed } from '../../src/framing/varint-prefixed.js';
import { silent } from '../helpers/silent-port.js';
import { talkInParts } from '../helpers/talk-in-parts.js';

const runs = { numRuns: Number(process.env.RX_TINYPROTO_SEEDS ?? 300) };
const seeds = fc.integer({ min: 1, max: 2 ** 30 });

describe('bodies in parts', () => {
  it.each([1, 4])(
    'on tinyproto come out as they went in, however both sides talk and the bytes are cut: window %i',
    (window) => {
      const options = { window, maxMessageBytes: 100 };
      const rules = { ...rulesOf(options), earlyBytes: 4 };
      const sizes = fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 5 });
      fc.assert(
        fc.property(seeds, fc.tuple(sizes, sizes), (seed, both) =>
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
        runs,
      );
    },
  );

  it.each([
    ['lengthPrefixed', lengthPrefixed()],
    [
      'lengthPrefixed, little-endian, with a header',
      lengthPrefixed({
        offset: 2,
        size: 3,
        littleEndian: true,
        header: new Uint8Array(7),
        strip: 7,
        adjust: 2,
      }),
    ],
    ['varintPrefixed', varintPrefixed()],
  ])('on %s come out as they went in, however the bytes are cut', (_, framing) => {
    const size = fc.oneof(
      fc.integer({ min: 2, max: 9 }),
      fc.integer({ min: COLLECTED_BYTES - 1, max: COLLECTED_BYTES + 30 }),
    );
    const sizes = fc.array(size, { maxLength: 3 });
    const { streams } = framing;
    fc.assert(
      fc.property(seeds, fc.tuple(sizes, sizes), (seed, both) =>
        talkInParts(
          framing,
          (port) => (streams as NonNullable<typeof streams>).open(port, streamingMachines),
          seed,
          both,
        ),
      ),
      { numRuns: 6 },
    );
  });

  it('are the same bytes as messages held whole', () => {
    for (const framing of [tinyproto(), lengthPrefixed(), varintPrefixed()])
      expect(framing.streams?.encode(70_000).head).toEqual(framing.encode(new Uint8Array(70_000)).head);
  });

  it('may be as large as the limit, and no larger', () => {
    for (const { streams } of [tinyproto(), lengthPrefixed(), varintPrefixed()]) {
      expect(streams?.encode(8 << 20).streamed).toBe(8 << 20);
      expect(() => streams?.encode((8 << 20) + 1)).toThrow(
        expect.objectContaining({ code: 'message-too-large', fate: 'not-sent' }),
      );
    }
  });

  it('are not sent where no length says their size', () => {
    const { streams } = lengthPrefixed({ size: 2, adjust: 4 });
    expect(() => streams?.encode(3)).toThrow(expect.objectContaining({ code: 'not-encodable' }));
    expect(streams?.encode(4).head).toEqual(Uint8Array.of(0, 0));
  });

  it('are cut short by an end before their first byte, between two, and before the last', () => {
    for (const { streams, encode } of [lengthPrefixed(), varintPrefixed()]) {
      const frame = encode(new Uint8Array(70_000));
      const bytes = Uint8Array.of(...frame.head, ...frame.body);
      for (const here of [frame.head.length, frame.head.length + 1, bytes.length - 1]) {
        const errors: string[] = [];
        const note = (error: unknown) => errors.push((error as ProtocolError).code);
        const port = { ...silent, fail: note };
        const machine = (streams as NonNullable<typeof streams>).open(port, streamingMachines);
        machine.talk.start();
        machine.push(bytes.slice(0, here));
        machine.talk.receiveEnd();
        expect(machine.read()).toBeUndefined();
        expect(machine.readHead()).toBe(70_000);
        try {
          while (machine.readPart() !== undefined);
        } catch (error) {
          note(error);
        }
        expect(errors).toEqual(['cut-short']);
      }
    }
  });

  it('begin above 65,536 bytes, and are asked for by the head: whole messages are read around them', () => {
    for (const { streams, encode } of [lengthPrefixed(), varintPrefixed()]) {
      const machine = (streams as NonNullable<typeof streams>).open(silent, streamingMachines);
      const frames = [COLLECTED_BYTES, COLLECTED_BYTES + 1, 3].map((size) =>
        encode(new Uint8Array(size).fill(1)),
      );
      machine.talk.start();
      for (const { head, body } of frames) machine.push(Uint8Array.of(...head, ...body));
      expect(machine.readPart()).toBeUndefined();
      expect(machine.readHead()).toBeUndefined();
      expect(machine.read()).toHaveLength(COLLECTED_BYTES);
      expect(machine.readPart()).toBeUndefined();
      expect(machine.read()).toBeUndefined();
      expect(machine.readHead()).toBe(COLLECTED_BYTES + 1);
      expect(machine.read()).toBeUndefined();
      expect(machine.readPart()).toHaveLength(COLLECTED_BYTES + 1);
      expect(machine.readHead()).toBeUndefined();
      expect(machine.read()).toEqual(Uint8Array.of(1, 1, 1));
    }
  });

  it('are not for framings that do not say sizes ahead, or have them inside the message', () => {
    expect(lines().streams).toBeUndefined();
    expect(lengthPrefixed({ strip: 0 }).streams).toBeUndefined();
  });
});
