/** How many bytes are copied between arrays during the call: tells linear from quadratic without a clock. */
export function bytesCopiedBy(act: () => unknown): number {
  const { set } = Uint8Array.prototype;
  let copied = 0;
  Uint8Array.prototype.set = function (this: Uint8Array, source: ArrayLike<number>, offset?: number) {
    copied += source.length;
    return set.call(this, source, offset);
  };
  try {
    act();
  } finally {
    Uint8Array.prototype.set = set;
  }
  return copied;
}
