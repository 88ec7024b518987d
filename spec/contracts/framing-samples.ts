import fc from 'fast-check';
import type { Framing } from '../../src/framing/framing.js';
import { bytesOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

/** Samples that several framings can use. */
export const anyBytes = fc.uint8Array({ maxLength: 300 });

export const words = (...all: readonly string[]): Uint8Array[] => all.map(bytesOf);

export const plain = words('hi', '', 'a longer one, by far');

/** For framings that carry any bytes, up to a limit. */
export const prefixed = (
  framing: (maxMessageBytes: number) => Framing,
): NonNullable<FramingSamples['limited']> => ({
  framing,
  message: (bytes) => new Uint8Array(bytes).fill(7),
});
