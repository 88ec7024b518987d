import type { Transport } from './transport.js';

/** What stands for {@link tcp} in a browser, which has none: package.json says so to bundlers. Throws when it is to be used. */
export function tcp(): Transport {
  const none = () => {
    throw new TypeError("A browser has no TCP: use connect of 'rx-tinyproto/websocket'");
  };
  return { listen: none, dial: none };
}
