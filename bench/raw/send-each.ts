/** Bytes that may be on their way at once: no library is asked to keep more. */
const waitingBytes = 4 << 20;

/** Sends for ever with a call for each message, which says when it is taken; a few hundred are under way at a time. */
export function sendEach(size: number, send: (done: () => void) => unknown): void {
  let inside = false;
  let owed = 0;
  // A library that is done inside of the call is asked again from here, and not from inside it.
  const done = () => {
    owed++;
    if (!inside) go();
  };
  const go = () => {
    inside = true;
    for (; owed > 0; owed--) send(done);
    inside = false;
  };
  owed = underWay(size);
  go();
}

export function underWay(size: number): number {
  return Math.min(512, Math.max(4, Math.floor(waitingBytes / size)));
}
