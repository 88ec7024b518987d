import { marbles } from 'rx-tinyproto/testing';
import { concat, from, of, Subject, take, tap, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { consume } from '../../src/flow/consume.js';
import { paced } from '../../src/flow/paced.js';
import { decode } from '../../src/framing/decode.js';
import { encode } from '../../src/framing/encode.js';
import type { Framing } from '../../src/framing/framing.js';
import { frameOf, hexOf, streamOf } from '../helpers/decoded.js';
import type { FramingSamples } from './framing.js';

const inVirtualTime = (test: Parameters<typeof marbles>[0]) => marbles(test)();

const lost = new Error('the source is lost');

/** The operators `decode` and `encode`, in virtual time. */
export function streamsContract(make: () => Framing, { messages, halfIsWhole }: FramingSamples): void {
  const [a, b, c] = messages as [Uint8Array, Uint8Array, Uint8Array];
  const [A, B, C] = [a, b, c].map((message) => frameOf(make(), message)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ];
  const half = Math.ceil(A.length / 2);
  /** A letter is a message, its capital the frame, `1` and `2` the halves of `A`, `M` all three in one chunk. */
  const values = { a, b, c, A, B, C, 1: A.slice(0, half), 2: A.slice(half), M: streamOf(make(), [a, b, c]) };

  const decodes = (chunks: string, expected: string) =>
    inVirtualTime(({ cold, expectObservable }) => {
      expectObservable(cold(chunks, values, lost).pipe(decode(make()))).toBe(expected, values, lost);
    });

  describe('decode', () => {
    it('says nothing while nothing comes', () => decodes('-', '-'));
    it('completes with no bytes at all', () => decodes('--|', '--|'));
    it('emits a message in the call that brings it', () => decodes('-A-|', '-a-|'));
    it('emits those of many chunks, in order', () => decodes('-A-B-(C|)', '-a-b-(c|)'));
    it('passes on an error of the source', () => decodes('-A-#', '-a-#'));

    if (!halfIsWhole) {
      it('emits those of one chunk, in order', () => decodes('-M----|', '-(abc)|'));
      it('stops within a chunk, when nobody wants more', () => {
        const source = new Subject<Uint8Array>();
        const seen: string[] = [];
        source.pipe(decode(make()), take(2)).subscribe((message) => seen.push(hexOf(message)));
        source.next(values.M.slice());
        expect(seen).toEqual([hexOf(a), hexOf(b)]);
        expect(source.observed).toBe(false);
      });

      it('waits inside a message', () => decodes('1--2--B|', '---a--b|'));
      it('drops half a message when the source fails', () => decodes('A-1#', 'a--#'));
    }

    it('stops a source that emits at once, when nobody wants more', () => {
      const drawn: number[] = [];
      const source = concat(
        from([A, B, C]),
        throwError(() => lost),
      ).pipe(tap((chunk) => drawn.push(chunk.length)));
      const seen: string[] = [];
      source.pipe(decode(make()), take(1)).subscribe((message) => seen.push(hexOf(message)));
      expect(seen).toEqual([hexOf(a)]);
      expect(drawn).toEqual([A.length]);
    });

    it('unsubscribes from its source', () => {
      inVirtualTime(({ hot, expectObservable, expectSubscriptions }) => {
        const source = hot('-A-B-C-|', values);
        expectObservable(source.pipe(decode(make())), '^---!').toBe('-a-b', values);
        expectSubscriptions(source.subscriptions).toBe('^---!');
      });
    });

    it('decodes for each subscriber by itself', () => {
      inVirtualTime(({ cold, hot, expectObservable }) => {
        const once = cold('-A-B|', values).pipe(decode(make()));
        expectObservable(once).toBe('-a-b|', values);
        expectObservable(once, '--^').toBe('---a-b|', values);
        const shared = hot('A-B-C|', values).pipe(decode(make()));
        expectObservable(shared).toBe('a-b-c|', values);
        expectObservable(shared, '-^').toBe('--b-c|', values);
      });
    });

    it('keeps a chunk that comes from inside a message for its turn', () => {
      const source = new Subject<Uint8Array>();
      const seen: string[] = [];
      source.pipe(decode(make())).subscribe({
        next(message) {
          if (seen.length === 0) source.next(C.slice());
          seen.push(hexOf(message));
          if (seen.length === 3) source.complete();
        },
        complete: () => seen.push('|'),
      });
      source.next(A.slice());
      source.next(B.slice());
      expect(seen).toEqual([...[a, c, b].map(hexOf), '|']);
    });

    it('lets a hold on a message hold its chunk', () => {
      inVirtualTime(({ cold, hot, expectObservable }) => {
        const drawn = new Subject<Uint8Array>();
        const chunks = hot('(ABC|)', values).pipe(paced(), tap(drawn));
        const work = (message: Uint8Array) => cold('---(x|)', { x: message });
        expectObservable(chunks.pipe(decode(make()), consume(work))).toBe('---a--b--(c|)', values);
        expectObservable(drawn).toBe('A--B--(C|)', values);
      });
    });

    it('fails with a TypeError for what is no Uint8Array', () => {
      const source = of('text' as never, A.slice());
      source.pipe(decode(make())).subscribe({ error: (error) => expect(error).toBeInstanceOf(TypeError) });
      expect.assertions(1);
    });
  });

  describe('encode', () => {
    it('emits one chunk for each message', () => {
      inVirtualTime(({ cold, expectObservable }) => {
        expectObservable(cold('-a-(bc)|', values).pipe(encode(make()))).toBe('-A-(BC)|', values);
      });
    });

    it('passes on an error of the source', () => {
      inVirtualTime(({ cold, expectObservable }) => {
        expectObservable(cold('a-#', values, lost).pipe(encode(make()))).toBe('A-#', values, lost);
      });
    });

    it('leaves the message as it is', () => {
      const message = a.slice();
      of(message).pipe(encode(make())).subscribe();
      expect(message).toEqual(a);
    });

    it('fails with a TypeError for what is no Uint8Array', () => {
      of<Uint8Array>('text' as never)
        .pipe(encode(make()))
        .subscribe({ error: (error) => expect(error).toBeInstanceOf(TypeError) });
      expect.assertions(1);
    });
  });
}
