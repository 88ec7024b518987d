/** Puts the little of Node that contracts use into a page. */
export function bringNode(): void {
  const turns: (() => void)[] = [];
  const channel = new MessageChannel();
  channel.port1.addEventListener('message', () => turns.shift()?.());
  channel.port1.start();
  const setImmediate = (work: () => void) => {
    turns.push(work);
    channel.port2.postMessage(undefined);
  };
  Object.assign(globalThis, {
    setImmediate,
    process: { nextTick: (work: () => void) => queueMicrotask(work), env: {} },
    Buffer: { concat, compare },
  });
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

/** 0 for the same bytes, as with Node's. */
function compare(one: Uint8Array, other: Uint8Array): number {
  return one.length === other.length && one.every((byte, at) => byte === other[at]) ? 0 : 1;
}
