import { describe, expect, it } from 'vitest';
import { sendAll } from '../../src/connection/send-all.js';

describe('sendAll', () => {
  it('draws no more of an endless iterable when it is left, though the queue is empty then', () => {
    let drawn = 0;
    let queued = 0;
    function* words(): Generator<string> {
      // So many in one go would be without end.
      for (; drawn < 1_000; drawn++) yield 'word';
    }
    const road = {
      add: () => void queued++,
      withdrawAll: () => {
        queued = 0;
      },
      get full() {
        return queued >= 4;
      },
    };
    const sending = sendAll(words(), road).subscribe();
    expect(drawn).toBe(3);
    sending.unsubscribe();
    expect(drawn).toBe(3);
  });
});
