/** The package has no types of its own. */
declare module 'length-prefixed-stream' {
  import type { Transform } from 'node:stream';

  export function encode(): Transform;
  export function decode(options?: { readonly limit?: number; readonly allowEmpty?: boolean }): Transform;
}
