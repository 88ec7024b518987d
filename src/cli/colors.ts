import { styleText } from 'node:util';
import type { Output } from './stage.js';

export type Ink = Parameters<typeof styleText>[0];

/** A text in colour, where the output has colours. */
export function inked(output: Output, ink: Ink, text: string): string {
  // Node asks its own stdout by default, which may be another stream than this one.
  const always: readonly unknown[] = [{ validateStream: false }];
  return output.hasColors ? styleText(ink, text, ...(always as [])) : text;
}
