import { catchError, EMPTY, mergeMap, type Observable, of, type Subscription } from 'rxjs';
import { expect, it } from 'vitest';
import type { WireError } from '../../src/errors.js';
import type { Address, BoundAddress, Transport, Wire, WireClosed } from '../../src/transport/transport.js';

/** A transport under test. */
export interface TransportCase {
  readonly open: () => Transport;
  /** A new address to listen on, for each call. */
  readonly address: () => Address;
  /** Whether RST can be told from FIN. A Unix socket's cannot. */
  readonly resets: boolean;
  /** Whether each direction ends by itself. A WebSocket's end together. @default true */
  readonly halfClose?: boolean;
  /** How much the big transfers carry. */
  readonly bulkBytes: number;
  /** How much the wire takes at least though nobody reads. */
  readonly roomBytes: number;
  /** How many wires are up at once. @default 1,000 */
  readonly wires?: number;
  /** How many pairs of monkeys have their turn. @default 300 */
  readonly monkeys?: number;
}

/** A wire, and everything that it said. */
export interface End {
  readonly wire: Wire;
  readonly chunks: Uint8Array[];
  readonly bytes: () => Uint8Array;
  readonly size: () => number;
  /** How `bytes$` ended, each time that it did. */
  readonly endings: ('complete' | WireError)[];
  readonly closings: WireClosed[];
  /** What became of each write and end of ours, in the order in which we heard of it. */
  readonly settled: { readonly id: number; readonly error: WireError | undefined }[];
  readonly write: (bytes: Uint8Array, then?: (error?: WireError) => void) => number;
  readonly end: () => number;
  readonly read: () => Subscription;
}

/** Watches a wire. Reads it at once, or, with `unread`, when told so. */
export function watch(wire: Wire, { unread = false } = {}): End {
  const chunks: Uint8Array[] = [];
  const endings: End['endings'] = [];
  const closings: WireClosed[] = [];
  const settled: { id: number; error: WireError | undefined }[] = [];
  let calls = 0;
  let size = 0;
  const call = (act: (done: (error?: WireError) => void) => boolean, then?: (error?: WireError) => void) => {
    const id = calls++;
    let told: 'not yet' | 'at once' | 'later' | undefined = 'not yet';
    const settle = (error?: WireError) => {
      settled.push({ id, error });
      then?.(error);
    };
    told = act((error) => {
      expect(told, 'done is called once, and not inside the call').toBe('later');
      told = undefined;
      settle(error);
    })
      ? 'at once'
      : 'later';
    if (told === 'at once') settle();
    return id;
  };
  const end: End = {
    wire,
    chunks,
    bytes: () => new Uint8Array(Buffer.concat(chunks)),
    size: () => size,
    endings,
    closings,
    settled,
    write: (bytes, then) => call((done) => wire.write(bytes, done), then),
    end: () =>
      call((done) => {
        wire.end(done);
        return false;
      }),
    read: () =>
      wire.bytes$.subscribe({
        next: (chunk) => {
          chunks.push(chunk);
          size += chunk.byteLength;
        },
        error: (error: WireError) => endings.push(error),
        complete: () => endings.push('complete'),
      }),
  };
  wire.closed$.subscribe((closed) => closings.push(closed));
  if (!unread) end.read();
  return end;
}

export interface Scene {
  readonly transport: Transport;
  readonly bound: BoundAddress;
  readonly listening: Subscription;
  /** Dials, and waits for both ends. */
  readonly meet: (options?: {
    readonly unread?: 'near' | 'far' | 'both';
  }) => Promise<{ near: End; far: End }>;
  readonly accepted: Wire[];
  readonly close: () => Promise<void>;
}

/** A listener, and both ends of as many wires as are asked for. */
export async function scene({ open, address }: TransportCase): Promise<Scene> {
  const transport = open();
  const accepted: Wire[] = [];
  const ends: End[] = [];
  const waiting: ((wire: Wire) => void)[] = [];
  let bound: BoundAddress | undefined;
  const listening = transport
    .listen(address(), { openObserver: { next: (each) => (bound = each) } })
    .pipe(mergeMap(ready))
    .subscribe((wire) => {
      accepted.push(wire);
      waiting.shift()?.(wire);
    });
  await until(() => bound !== undefined, 'bound');
  const meet: Scene['meet'] = async ({ unread } = {}) => {
    const far = new Promise<End>((met) => {
      waiting.push((wire) => met(watch(wire, { unread: unread === 'far' || unread === 'both' })));
    });
    const near = new Promise<End>((met, error) => {
      const next = (wire: Wire) => met(watch(wire, { unread: unread === 'near' || unread === 'both' }));
      transport.dial(bound as Address).subscribe({ next, error });
    });
    const both = { near: await near, far: await far };
    ends.push(both.near, both.far);
    return both;
  };
  const close = async () => {
    listening.unsubscribe();
    let open = 0;
    for (const wire of [...accepted, ...ends.map((end) => end.wire)]) {
      open++;
      wire.closed$.subscribe(() => open--);
      wire.destroy({ reset: true });
    }
    await until(() => open === 0, 'every wire closed');
    for (const end of ends) expect(end.closings).toHaveLength(1);
  };
  return { transport, bound: bound as unknown as BoundAddress, listening, meet, accepted, close };
}

/** A wire that comes in, behind its handshake if it has one. One whose handshake fails is none. */
export const ready = (wire: Wire): Observable<Wire> =>
  wire.handshake$?.pipe(catchError(() => EMPTY)) ?? of(wire);

/** Lets the loop go round until it is so. */
export async function until(so: () => boolean, what: string, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let rounds = 0; !so(); rounds++) {
    if (performance.now() > deadline) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await (rounds < 100 ? new Promise((go) => setImmediate(go)) : pass(1));
  }
}

/** Lets time pass, in which nothing is to happen. */
export const pass = (ms: number) => new Promise((go) => setTimeout(go, ms));

/** Bytes that tell where they are: no piece of it looks like another. */
export function pattern(size: number, from = 0): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at++) {
    const place = from + at;
    bytes[at] = (place * 31 + (place >>> 8) * 17 + (place >>> 16)) & 0xff;
  }
  return bytes;
}

/** Byte by byte, and quick about it: `toEqual` takes seconds for a megabyte. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.byteLength).toBe(expected.byteLength);
  expect(Buffer.compare(actual, expected), 'the same bytes').toBe(0);
}

export const utf8 = (text: string) => new TextEncoder().encode(text);
export const text = (end: End) => new TextDecoder().decode(end.bytes());

/** `it`, for what can only be asked of a transport that tells RST from FIN. */
export const whereReset = ({ resets }: TransportCase): ((fact: string, test: () => Promise<void>) => void) =>
  resets ? it : () => {};

/** `it`, for what can only be asked of a transport whose directions end apart: `true`; or together: `false`. */
export const whereHalfClose = ({ halfClose = true }: TransportCase, is: boolean): typeof it | (() => void) =>
  halfClose === is ? it : () => {};
