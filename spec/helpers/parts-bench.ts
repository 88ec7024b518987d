import { ProtocolError } from '../../src/errors.js';
import type { Framing, StreamingMachine } from '../../src/framing/framing.js';
import { streamingMachines } from '../../src/framing/streaming-machines.js';
import { newConversation } from '../../src/framing/tinyproto-conversation.js';
import { rulesOf, type TinyprotoOptions } from '../../src/framing/tinyproto-options.js';
import type { TinyprotoBodiesPort, TinyprotoWait } from '../../src/framing/tinyproto-port.js';
import { StreamingTinyprotoMachine } from '../../src/framing/tinyproto-streaming.js';
import { hexOf } from './decoded.js';
import { silent } from './silent-port.js';

/** A machine of bodies in parts that has started, and what it does to its surroundings. */
export interface PartsBench {
  readonly machine: StreamingMachine;
  /** What has happened since the last look. */
  since(): string;
}

export function openInParts({ streams }: Framing): PartsBench {
  if (!streams) throw new TypeError('this framing has no bodies in parts');
  const log: string[] = [];
  const machine = streams.open(
    {
      ...silent,
      out: {
        write: (bytes, last) => log.push(hexOf(bytes) + (last ? '.' : '')),
        outcome: (of) => log.push(of),
      },
      ready: () => log.push('ready'),
      fail: (error) => log.push(error instanceof ProtocolError ? error.code : String(error)),
      writeBody: () => log.push('body'),
    },
    streamingMachines,
  );
  machine.talk.start();
  return { machine, since: () => log.splice(0).join(' ') };
}

/** A conversation of bodies in parts that has started, and what it does to its surroundings. */
export interface ConversationBench {
  readonly machine: StreamingTinyprotoMachine;
  /** What it waits for, in milliseconds. */
  readonly waits: ReadonlyMap<TinyprotoWait, number>;
  /** What has happened since the last look. */
  since(): string;
}

export function converseInParts(options: TinyprotoOptions = {}): ConversationBench {
  const log: string[] = [];
  const waits = new Map<TinyprotoWait, number>();
  const port: TinyprotoBodiesPort = {
    write: (bytes, last) => log.push(hexOf(bytes) + (last ? '.' : '')),
    opened: () => log.push('opened'),
    outcome: (of) => log.push(of),
    fail: (error, { reset }) => log.push(`${error.code}${reset ? ' by reset' : ''}`),
    await: (wait, ms) => waits.set(wait, ms),
    settle: (wait) => waits.delete(wait),
    writeBody: () => log.push('body'),
  };
  const machine = new StreamingTinyprotoMachine(rulesOf(options), port, newConversation());
  machine.start();
  return { machine, waits, since: () => log.splice(0).join(' ') };
}
