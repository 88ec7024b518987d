import { delimited, type Framing, lengthPrefixed, lines, tinyproto, varintPrefixed } from 'rx-tinyproto';
import { joined } from '../../src/testing/bytes.js';
import type { Limits, Tongue } from './words.js';

const none = new Uint8Array();
const signal = Uint8Array.of(0xff);

const frame = (framing: Framing, message: Uint8Array): Uint8Array => {
  const { head, body, tail } = framing.encode(message);
  return joined([head, body, tail]);
};

const size = (message: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, message.length);
  return bytes;
};

/** A mode of tinyproto: on the wire they are the same. */
const mode = (name: string, of: Limits): Tongue => ({
  name,
  framing: (limits) => tinyproto({ ...of, ...limits }),
  opening: signal,
  ok: signal,
  header: size,
  body: (message) => message,
});

/** A framing that knows no opening and no answers. */
export const oneWay = (name: string, framing: (limits: Limits) => Framing): Tongue => ({
  name,
  framing,
  opening: none,
  ok: none,
  header: () => none,
  body: (message) => frame(framing({}), message),
});

/** A bound, where the case has one. */
const bound = ({ maxMessageBytes }: Limits) => (maxMessageBytes === undefined ? {} : { maxMessageBytes });

export const strict = mode('tinyproto', {});
export const pipelined = mode('tinyproto, window 8', { window: 8 });
export const half = mode('tinyproto, half duplex', { duplex: 'half', quietMs: 1 });
export const tinyprotos: readonly Tongue[] = [strict, pipelined, half];

export const oneWays: readonly Tongue[] = [
  oneWay('lengthPrefixed', (limits) => lengthPrefixed(bound(limits))),
  oneWay('varintPrefixed', (limits) => varintPrefixed(bound(limits))),
  oneWay('lines', ({ maxMessageBytes = 8 << 20 }) => lines({ maxLineBytes: maxMessageBytes })),
  oneWay('delimited', (limits) => delimited(new TextEncoder().encode('--end--'), bound(limits))),
];

export const everyTongue: readonly Tongue[] = [...tinyprotos, ...oneWays];
