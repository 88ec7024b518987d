import type { Observable } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { type Connect, connectOver } from '../client/connect.js';
import type { Connection } from '../connection/connection.js';
import { setStrictByDefault } from '../flow/hold.js';
import { tinyproto } from '../framing/tinyproto.js';
import { type Listen, listenOver } from '../server/listen.js';
import { expectFrames } from './frames.js';
import { type VirtualNetwork, type VirtualNetworkOptions, virtualNetwork } from './virtual-network.js';

type Run = Parameters<Parameters<TestScheduler['run']>[0]>[0];

/** What a marble test has at hand: everything of `TestScheduler.run`, and a network. */
export interface MarbleHelpers extends Run {
  /** A virtual network of its own: `listen('server:1')` and `connect('server:1')` meet on it. */
  readonly net: VirtualNetwork;
  /** `listen` on the virtual network. */
  readonly listen: Listen;
  /** `connect` on the virtual network. */
  readonly connect: Connect;
  /** Expects what a connection delivers. `values` maps the letters of the diagram to messages. */
  expectMessages<In>(connection: Connection<In, never>): {
    toBe(marbles: string, values?: Readonly<Record<string, In>>, error?: unknown): void;
  };
  /** Expects what becomes of a send: `x` is "taken". */
  expectSend(send: Observable<void>): { toBe(marbles: string, error?: unknown): void };
}

/**
 * A test in virtual time, of whatever is written with RxJS and this library: pass what it returns to any test runner.
 *
 *     test('echoes', marbles(({ listen, connect, hot, expectObservable }) => { … }));
 *
 * Time is a `TestScheduler`'s: a character is a millisecond, and nothing waits for the clock. Messages are compared by their bytes, and a failure
 * draws both diagrams, one under the other. A `consume` whose hold got lost errors (see `ConsumeOptions.strict`). The network has no latency unless `network`
 * says so: what one side sends reaches the other in the same millisecond, in a later task.
 */
export function marbles(
  test: (helpers: MarbleHelpers) => void,
  network: Omit<VirtualNetworkOptions, 'scheduler'> = {},
): () => void {
  return () => {
    const scheduler = new TestScheduler(expectFrames);
    const restore = setStrictByDefault(true);
    try {
      scheduler.run((run) => test(helpersOf(run, virtualNetwork(network))));
    } finally {
      restore();
    }
  };
}

function helpersOf(run: Run, net: VirtualNetwork): MarbleHelpers {
  const defaults = { transport: net, framing: tinyproto() };
  return {
    ...run,
    net,
    listen: listenOver(defaults),
    connect: connectOver(defaults),
    expectMessages: (connection) => run.expectObservable(connection.messages$),
    expectSend: (send) => ({
      toBe: (marbles, error) => run.expectObservable(send).toBe(marbles, { x: undefined }, error),
    }),
  };
}
